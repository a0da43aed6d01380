#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""build_image.py FILE: builds the image by `./dev image`, as a user would, and saves it to FILE, which the tests that
need an image read; names the stage that compiles as well. An image that is built already from the same files takes
seconds."""

import os
import pathlib
import subprocess
import sys

from docker_engine import ROOT, DockerEngine

TAG = "tidewaiter:under-test"
STAGE_TAG = "tidewaiter-build:under-test"


def main():
    target = pathlib.Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    with DockerEngine() as engine:
        for arguments in ([STAGE_TAG, "--target", "build"], [TAG]):
            subprocess.run([ROOT / "dev", "image", "--tag", *arguments], env=engine.environment, stdin=subprocess.DEVNULL,
                           check=True)
        engine.drop_unnamed_images()
        partial = target.with_suffix(".new")
        engine.docker("save", "--output", partial, TAG)
        os.replace(partial, target)


if __name__ == "__main__":
    main()
