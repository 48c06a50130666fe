"""Debian packages as a quarry: which libraries a program needs, and where they lie unpacked."""

import re
import struct
import subprocess
from pathlib import Path

PT_INTERP = 3


def with_libraries(names):
    """The packages, and every library package below them. Scripts, configuration and services of a
    dependency are of no use in an image, so only libraries are followed."""
    found, waiting = [], list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.append(name)
        for dependency in depends(name):
            if dependency.startswith("lib") or dependency == "zlib1g":
                waiting.append(dependency)
    return sorted(found)


def depends(name):
    shown = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", name],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for line in shown.splitlines():
        if line.startswith(("Depends:", "Pre-Depends:")):
            for clause in line.split(":", 1)[1].split(","):
                first = clause.split("|")[0]
                yield re.match(r"\s*([a-z0-9.+-]+)", first).group(1)


def find_program(root, name):
    for directory in ("usr/bin", "bin", "usr/sbin", "sbin"):
        path = root / directory / name
        if path.is_file():
            return path
    raise SystemExit(f"no program {name} in the packages below {root}")


def interpreter(program):
    """The dynamic loader that a program names, from its ELF header; None for a static one."""
    data = program.read_bytes()
    table, size, count = (
        struct.unpack_from("<Q", data, 0x20)[0],
        struct.unpack_from("<H", data, 0x36)[0],
        struct.unpack_from("<H", data, 0x38)[0],
    )
    for index in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", data, table + index * size)
        if kind == PT_INTERP:
            return data[offset : offset + length].rstrip(b"\0").decode()
    return None


def libraries(root, program, loader=None, own=None):
    """Path inside an image → file below root, for the loader and each library of a program.
    The loader itself is asked, the one from the packages: it knows what it will do. A library, which
    names none, is asked about with the one that is given. What lies somewhere below `own` is left
    out."""
    loader = loader or interpreter(program)
    if loader is None:
        return {}
    loader_file = find_library(root, Path(loader).name)
    directories = sorted({str(path.parent) for path in root.rglob("*.so*") if path.is_file()})
    # Its exit status says only that something was not found, which is looked at below.
    listed = subprocess.run(
        [loader_file, "--library-path", ":".join(directories), "--list", program],
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    needed = {loader.lstrip("/"): loader_file}
    for name in re.findall(r"^\s*(\S+) => \S+", listed, re.MULTILINE):
        if not name.startswith("/") and not (own and any(own.rglob(name))):
            needed[f"lib/{name}"] = find_library(root, name)
    return needed


def find_library(root, name):
    for path in sorted(root.rglob(name)):
        if path.is_file():
            return path.resolve()
    raise SystemExit(f"no library {name} in the packages below {root}")
