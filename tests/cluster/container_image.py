# SPDX-License-Identifier: Apache-2.0
"""Container images as files, written without a container engine, in the form of `docker save`. Used by node.py."""

import hashlib
import io
import json
import platform
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # Go's words


def _add(archive, name, data, mode=0o644):
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), mode
    archive.addfile(member, io.BytesIO(data))


def _write_archive(path, name, config, layers):
    """`config` and `layers` are what the image consists of; `name` is its name with a tag."""
    config = json.dumps(config).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = {"Config": config_name, "RepoTags": [name], "Layers": [f"{number}.tar" for number in range(len(layers))]}
    with tarfile.open(path, "w") as archive:
        _add(archive, config_name, config)
        for layer_name, layer in zip(manifest["Layers"], layers):
            _add(archive, layer_name, layer)
        _add(archive, "manifest.json", json.dumps([manifest]).encode())


def write_image(path, name, programs, command, user="65532:65532"):
    """Writes an image of programs (name in the image: file here) that runs `command`."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        for inside, outside in programs.items():
            _add(archive, inside, outside.read_bytes(), 0o755)
    layer = layer.getvalue()
    _write_archive(path, name, {
        "architecture": ARCHITECTURES[platform.machine()], "os": "linux",
        "config": {"Entrypoint": command, "User": user, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }, [layer])


def relabel_image(source, path, name, **labels):
    """Writes the image in `source` under another name and with further labels: another image with the same files."""
    with tarfile.open(source) as archive:
        read = lambda member: archive.extractfile(member).read()
        manifest, = json.loads(read("manifest.json"))
        config = json.loads(read(manifest["Config"]))
        layers = [read(each) for each in manifest["Layers"]]
    config["config"].setdefault("Labels", {}).update(labels)
    _write_archive(path, name, config, layers)
