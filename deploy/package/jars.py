"""Copies the jars of the agent for one architecture, and the native libraries that lie in them.

Usage: jars.py ARCH EPOCH APP NATIVE JAR...
  ARCH    amd64 or arm64
  EPOCH   the time that every file gets, in seconds since 1970
  APP     directory for the jars: classes only
  NATIVE  directory for the libraries, which need not be unpacked at each start then
Libraries of other systems and architectures are left out. The same input gives the same bytes.
"""

import os
import sys
import time
import zipfile

# By jar: the library for an architecture, and the name under which it is looked for.
LIBRARIES = {
    "AmazonCorrettoCryptoProvider-": (
        "com/amazon/corretto/crypto/provider/libamazonCorrettoCryptoProvider.so",
        "libamazonCorrettoCryptoProvider.so",
    ),
    "jna-": ("com/sun/jna/linux-{jna}/libjnidispatch.so", "libjnidispatch.so"),
    "zstd-jni-": ("linux/{zstd}/libzstd-jni", "libzstd-jni.so"),
    "netty-transport-native-epoll-": (
        "META-INF/native/libnetty_transport_native_epoll_{netty}.so",
        "libnetty_transport_native_epoll_{netty}.so",
    ),
}
NAMES = {
    "amd64": {"jna": "x86-64", "zstd": "amd64", "netty": "x86_64"},
    "arm64": {"jna": "aarch64", "zstd": "aarch64", "netty": "aarch_64"},
}
# Signatures too: a jar that lost a file matches its own no more, and checking them costs time.
LEFT_OUT = (".so", ".dll", ".dylib", ".jnilib", ".a", ".SF", ".RSA", ".DSA", ".EC")


def library(name):
    """What is known about the libraries in a jar, or None when it has none for us."""
    for prefix, known in LIBRARIES.items():
        if name.startswith(prefix):
            return known
    return None


def write(path, data, epoch):
    with open(path, "wb") as out:
        out.write(data)
    os.utime(path, (epoch, epoch))


def slim(jar, target, names, epoch, native):
    wanted, name = (part.format(**names) for part in library(os.path.basename(jar)))
    date = time.gmtime(max(epoch, 315532800))[:6]
    found = False
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(target, "w") as out:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename.startswith(wanted):
                found = True
                write(os.path.join(native, name), data, epoch)
            if entry.filename.endswith(LEFT_OUT) or entry.is_dir():
                continue
            info = zipfile.ZipInfo(entry.filename, date)
            info.external_attr = 0o644 << 16
            out.writestr(info, data, zipfile.ZIP_DEFLATED, 9)
    return found


def main():
    arch, epoch, app, native = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    names = NAMES[arch]
    missing = set(LIBRARIES)
    for jar in sorted(sys.argv[5:]):
        base = os.path.basename(jar)
        if base.startswith("netty-transport-native-epoll-") and not base.endswith(
            names["netty"] + ".jar"
        ):
            continue
        target = os.path.join(app, base)
        if library(base) is None:
            with open(jar, "rb") as source:
                write(target, source.read(), epoch)
            continue
        if slim(jar, target, names, epoch, native):
            missing -= {prefix for prefix in LIBRARIES if base.startswith(prefix)}
        os.utime(target, (epoch, epoch))
    if missing:
        sys.exit("no library for %s in the jars %s*" % (arch, "*, ".join(sorted(missing))))


main()
