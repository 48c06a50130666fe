#!/usr/bin/env python3
"""Makes the image of the gRPC health server, and one that is only large, as an OCI layout.

usage: image.py PROGRAMS LAYOUT
"""

import platform
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "images"))

from layout import Layer, Layout  # noqa: E402

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def main(arguments):
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    programs, target = Path(arguments[0]), Path(arguments[1])
    images = Layout(target, ARCHITECTURES[platform.machine()])
    layer = Layer().directory("tmp", 0o1777)
    layer.file("health", (programs / "health").read_bytes(), 0o755)
    images.image(["example.test/carpel/health:1"], [layer.bytes()], Entrypoint=["/health"])
    # Numbers that do not compress, and are the same each time.
    ballast = Layer().file("ballast", random.Random(1).randbytes(40_000_000)).bytes()
    images.image(["example.test/carpel/ballast:1"], [ballast], Entrypoint=["/none"])
    images.close()


if __name__ == "__main__":
    main(sys.argv[1:])
