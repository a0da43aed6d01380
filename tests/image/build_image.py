#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""build_image.py FILE: builds the image by `./dev image`, as a user would, and saves it to FILE, which the tests that
need an image read. An image that is built already from the same files takes seconds."""

import os
import pathlib
import subprocess
import sys

from docker_engine import ROOT, DockerEngine

TAG = "tidewaiter:under-test"


def main():
    target = pathlib.Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    with DockerEngine() as engine:
        subprocess.run([ROOT / "dev", "image", "--tag", TAG], env=engine.environment, stdin=subprocess.DEVNULL, check=True)
        partial = target.with_suffix(".new")
        engine.docker("save", "--output", partial, TAG)
        os.replace(partial, target)


if __name__ == "__main__":
    main()
