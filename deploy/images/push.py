#!/usr/bin/env python3
"""Pushes every image of an OCI layout to a registry.

usage: push.py LAYOUT REGISTRY
           REGISTRY is host:port, plain http; the host part of a reference is left out, so
           example.test/carpel/busybox:latest becomes carpel/busybox:latest there
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path


class Repository:
    def __init__(self, registry, name, blobs):
        self._base = f"http://{registry}/v2/{name}"
        self._blobs = blobs

    def push(self, descriptor, tag):
        """A manifest goes last: a registry refuses one whose parts it does not have."""
        content = self._read(descriptor)
        document = json.loads(content)
        for child in document.get("manifests", []):
            self.push(child, child["digest"])
        for blob in [document.get("config"), *document.get("layers", [])]:
            if blob:
                self._blob(blob)
        headers = {"Content-Type": descriptor["mediaType"]}
        request("PUT", f"{self._base}/manifests/{tag}", content, headers)

    def _blob(self, descriptor):
        if exists(f"{self._base}/blobs/{descriptor['digest']}"):
            return
        upload = request("POST", f"{self._base}/blobs/uploads/", b"").headers["Location"]
        separator = "&" if "?" in upload else "?"
        headers = {"Content-Type": "application/octet-stream"}
        target = f"{upload}{separator}digest={descriptor['digest']}"
        request("PUT", target, self._read(descriptor), headers)

    def _read(self, descriptor):
        return (self._blobs / descriptor["digest"].removeprefix("sha256:")).read_bytes()


def request(method, url, data=None, headers=None):
    return urllib.request.urlopen(
        urllib.request.Request(url, data, headers or {}, method=method), timeout=60
    )


def exists(url):
    try:
        return request("HEAD", url).status == 200
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise


def split(reference):
    """host/path:tag → path, tag"""
    path = reference.split("/", 1)[1]
    name, _, tag = path.partition(":")
    return name, tag or "latest"


def main(arguments):
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    layout, registry = Path(arguments[0]), arguments[1]
    for descriptor in json.loads((layout / "index.json").read_text())["manifests"]:
        name, tag = split(descriptor["annotations"]["org.opencontainers.image.ref.name"])
        Repository(registry, name, layout / "blobs" / "sha256").push(descriptor, tag)


if __name__ == "__main__":
    main(sys.argv[1:])
