#!/usr/bin/env python3
"""Makes the images of the installer, as OCI layouts, without a container engine.

usage: image.py packages
           prints the Debian packages that the installer's image is made from
       image.py verify PROGRAM EPOCH LAYOUT
           writes the image of the pod that tries a new installation: one static program
       image.py build PACKAGES TREE CACHES EPOCH VERSION REFERENCE LAYOUT
           writes the installer's image: the libraries and the small programs that the distribution
           needs, from the packages unpacked below PACKAGES; the distribution TREE as /opt/carpel; and
           the start-up caches in the archive CACHES, or none when that is `-`
The same input gives the same digests; EPOCH is the time of all files, in seconds since 1970. Prints the
digest of the manifest.
"""

import platform
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "images"))

from layout import Layer, Layout  # noqa: E402
from packages import find_library, find_program, libraries, with_libraries  # noqa: E402

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LOADERS = {"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}

# The libraries are loaded by name at run time, so no program names them.
PACKAGES = ["busybox-static", "libc6", "libseccomp2", "libnftables1"]
LOADED = ["libseccomp.so.2", "libnftables.so.1"]
# What the launcher and a host's commands are called with, and enough to look around.
APPLETS = ["sh", "cat", "chroot", "dirname", "ls", "ps", "readlink", "sleep", "test", "umount"]

VERIFY = "carpel.io/verify:1"
PREFIX = "opt/carpel"


def base_layer(root, tree, architecture, epoch):
    layer = Layer(epoch)
    for path in ("bin", "dev", "etc", "lib", "lib64", "opt", "proc", "root", "run", "sys"):
        layer.directory(path)
    layer.directory("tmp", 0o1777)
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    layer.file("etc/group", b"root:x:0:\n")
    # The D-Bus library does not begin without one. Nobody is told it: only who asks this end for it.
    layer.file("etc/machine-id", b"c0a2be10c0a2be10c0a2be10c0a2be10\n")
    layer.file("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n")
    layer.file("bin/busybox", find_program(root, "busybox").read_bytes(), 0o755)
    for applet in APPLETS:
        layer.symlink(f"bin/{applet}", "busybox")
    loader = LOADERS[architecture]
    needed = {loader.lstrip("/"): find_library(root, Path(loader).name)}
    for name in LOADED:
        library = find_library(root, name)
        needed[f"lib/{name}"] = library
        needed |= libraries(root, library, loader)
    for binary in [tree / "jre/bin/java", *sorted(tree.rglob("*.so"))]:
        needed |= libraries(root, binary, loader, own=tree)
    for path, library in sorted(needed.items()):
        layer.file(path, library.read_bytes(), 0o755)
    return layer.bytes()


def tree_layer(tree, epoch):
    layer = Layer(epoch)
    layer.directory("opt").directory(PREFIX)
    for path in sorted(tree.rglob("*")):
        name = f"{PREFIX}/{path.relative_to(tree)}"
        if path.is_symlink():
            layer.symlink(name, str(path.readlink()))
        elif path.is_dir():
            layer.directory(name)
        else:
            layer.file(name, path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644)
    return layer.bytes()


def cache_layer(archive, epoch):
    """The archive has the paths that it has below /opt."""
    layer = Layer(epoch)
    layer.directory("opt").directory(PREFIX)
    with tarfile.open(archive) as source:
        for entry in source.getmembers():
            if entry.isfile():
                layer.file(f"opt/{entry.name}", source.extractfile(entry).read())
            elif entry.name != "carpel":
                layer.directory(f"opt/{entry.name}")
    return layer.bytes()


def build(packages, tree, caches, epoch, version, reference, target):
    architecture = ARCHITECTURES[platform.machine()]
    layers = [base_layer(packages, tree, architecture, epoch), tree_layer(tree, epoch)]
    if caches != "-":
        layers.append(cache_layer(caches, epoch))
    images = Layout(target, architecture)
    descriptor = images.image(
        [reference],
        layers,
        Entrypoint=["/opt/carpel/bin/carpel"],
        Env=["PATH=/opt/carpel/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        Labels={
            "org.opencontainers.image.title": "carpel",
            "org.opencontainers.image.version": version,
            "org.opencontainers.image.licenses": "Apache-2.0",
        },
    )
    images.close()
    print(descriptor["digest"])


def verify(program, epoch, target):
    images = Layout(target, ARCHITECTURES[platform.machine()])
    layer = Layer(epoch).file("verify", program.read_bytes(), 0o755).bytes()
    print(images.image([VERIFY], [layer], Entrypoint=["/verify"])["digest"])
    images.close()


def main(arguments):
    match arguments:
        case ["packages"]:
            print("\n".join(with_libraries(PACKAGES)))
        case ["verify", program, epoch, layout]:
            verify(Path(program), int(epoch), Path(layout))
        case ["build", packages, tree, caches, epoch, version, reference, layout]:
            build(
                Path(packages), Path(tree), caches, int(epoch), version, reference, Path(layout)
            )
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
