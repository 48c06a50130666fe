#!/usr/bin/env python3
"""Makes the images of the demo and of the black-box tests.

usage: make.py packages
           prints the Debian packages that the images are made from
       make.py build PACKAGES NATIVE LAYOUT
           writes an OCI image layout from the packages unpacked below PACKAGES and the two small
           programs below NATIVE

The references are those that critest asks for. What stands behind them is made here: Debian's
busybox and nginx, a set-uid program, and a program that sleeps.
"""

import platform
import subprocess
import sys
from pathlib import Path

from layout import DOCKER, Layer, Layout
from packages import find_library, find_program, interpreter, libraries, with_libraries

PACKAGES = ["busybox", "procps", "util-linux", "nginx"]
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

E2E = "registry.k8s.io/e2e-test-images/"
CRITEST = "gcr.io/k8s-staging-cri-tools/"
OWN = "example.test/carpel/"

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

USERS = [
    "root:x:0:0:root:/root:/bin/sh",
    "www-data:x:33:33:www-data:/var/www:/bin/false",
    "nobody:x:65534:65534:nobody:/home:/bin/false",
]
GROUPS = ["root:x:0:", "tty:x:5:", "www-data:x:33:", "users:x:100:", "nogroup:x:65534:"]

NGINX_CONF = """\
# Runs in the foreground: the container ends with it.
daemon off;
pid /run/nginx.pid;
error_log /dev/stderr;
events {{}}
http {{
    access_log /dev/stdout;
    server {{
        listen {port};
        location / {{ root /usr/share/nginx/html; }}
    }}
}}
"""


def accounts(layer, users=(), groups=()):
    layer.file("etc/passwd", lines([*USERS, *users]))
    layer.file("etc/group", lines([*GROUPS, *groups]))
    return layer


def lines(items):
    return "".join(f"{item}\n" for item in items).encode()


def busybox_layer(root):
    """A root file system of busybox with its applets as hard links (each path has to be its own
    file: one of them gets masked alone), and the two programs that Debian's busybox lacks."""
    layer = Layer()
    for path in ("bin", "etc", "home", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "dev",
                 "usr", "usr/bin", "usr/lib", "usr/sbin", "usr/share", "var", "var/www"):
        layer.directory(path)
    layer.directory("tmp", 0o1777).directory("var/tmp", 0o1777).symlink("var/run", "/run")
    busybox = find_program(root, "busybox")
    programs = {"bin/busybox": busybox}
    for name in ("pgrep", "ipcs"):
        programs[f"usr/bin/{name}"] = find_program(root, name)
    add_programs(layer, root, programs)
    for applet in applets(root, busybox):
        layer.hardlink(f"bin/{applet}", "bin/busybox")
    return accounts(layer).bytes()


def applets(root, busybox):
    loader = find_library(root, Path(interpreter(busybox)).name)
    directory = find_library(root, "libc.so.6").parent
    listed = subprocess.run(
        [loader, "--library-path", directory, busybox, "--list"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    # Debian's busybox may carry these too, but the real programs are there.
    return [applet for applet in listed if applet not in ("busybox", "pgrep", "ipcs")]


def nginx_layer(root, port):
    layer = Layer()
    for path in ("etc/nginx", "usr/share/nginx", "usr/share/nginx/html", "var/lib", "var/log",
                 "var/lib/nginx", "var/log/nginx"):
        layer.directory(path)
    add_programs(layer, root, {"usr/sbin/nginx": find_program(root, "nginx")})
    layer.file("etc/nginx/nginx.conf", NGINX_CONF.format(port=port).encode())
    layer.file("usr/share/nginx/html/index.html", b"<p>served by nginx</p>\n")
    return layer.bytes()


def add_programs(layer, root, programs):
    needed = {}
    for path, program in programs.items():
        layer.file(path, program.read_bytes(), 0o755)
        needed |= libraries(root, program)
    for path, library in sorted(needed.items()):
        layer.file(path, library.read_bytes(), 0o755)


def marked(text):
    """A layer that makes an image differ from its neighbours."""
    return Layer().file("mark", f"{text}\n".encode()).bytes()


def build(root, native, layout):
    machine = ARCHITECTURES[platform.machine()]
    images = Layout(layout, machine)
    base = busybox_layer(root)
    shell = {"Cmd": ["sh"], "Env": [PATH]}

    images.index([E2E + "busybox:1.29-2", OWN + "busybox:latest"], [base], **shell)
    web = {"Cmd": ["nginx"], "Env": [PATH]}
    images.image(
        [E2E + "nginx:1.14-2"],
        [base, nginx_layer(root, 80)],
        StopSignal="SIGQUIT",
        ExposedPorts={"80/tcp": {}},
        **web,
    )
    images.image([CRITEST + f"hostnet-nginx-{machine}"], [base, nginx_layer(root, 12003)], **web)
    images.image(
        [E2E + "httpd:2.4.39-4"],
        [base, Layer().file("var/www/index.html", b"<p>served by httpd</p>\n").bytes()],
        Cmd=["sh", "-c", "echo httpd starts; exec httpd -f -p 80 -h /var/www"],
        Env=[PATH],
    )
    images.image(
        [E2E + "nonewprivs:1.3"],
        [base, Layer().file("nnp", (native / "nonewprivs").read_bytes(), 0o4755).bytes()],
        Entrypoint=["/nnp"],
    )
    pause = Layer().file("pause", (native / "pause").read_bytes(), 0o755).bytes()
    images.image(
        ["registry.k8s.io/pause:3.9", "k8s.gcr.io/pause:3.9"],
        [pause],
        Entrypoint=["/pause"],
        User="65535:65535",
    )
    critest_images(images, base, shell)
    images.image([OWN + "zstd:latest"], [base, marked("zstd")], compression="zstd", **shell)
    # Says nothing of what to run.
    images.image([OWN + "nothing:latest"], [base])
    images.close()


def critest_images(images, base, shell):
    images.image([CRITEST + "test-image-latest:latest"], [base, marked("latest")], **shell)
    # One of docker's own kind among the OCI images.
    images.image([CRITEST + "test-image-tag:test"], [base, marked("test")], media=DOCKER, **shell)
    images.image([CRITEST + "test-image-tag:all"], [base, marked("all")], **shell)
    images.image([CRITEST + "test-image-digest:latest"], [base, marked("digest")], **shell)
    for number in (1, 2, 3):
        name = f"test-image-{number}"
        images.image([CRITEST + f"{name}:latest"], [base, marked(name)], **shell)
    tags = [CRITEST + f"test-image-tags:{number}" for number in (1, 2, 3)]
    images.image(tags, [base, marked("tags")], **shell)
    users = {
        "uid": "1002",
        "username": "www-data",
        "uid-group": "1003:users",
        "username-group": "www-data:users",
    }
    for name, user in users.items():
        reference = CRITEST + f"test-image-user-{name}:latest"
        images.image([reference], [base, marked(name)], User=user, **shell)
    grouped = accounts(
        Layer().directory("etc"),
        ["default-user:x:1000:1000::/home:/bin/sh"],
        ["default-user:x:1000:", "group-defined-in-image:x:50000:default-user"],
    ).bytes()
    reference = CRITEST + "test-image-predefined-group:latest"
    images.image([reference], [base, grouped], User="1000", **shell)


def main(arguments):
    match arguments:
        case ["packages"]:
            print("\n".join(with_libraries(PACKAGES)))
        case ["build", root, native, layout]:
            build(Path(root), Path(native), Path(layout))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
