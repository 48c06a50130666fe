"""Layers, configs and manifests as files of an OCI image layout."""

import gzip
import hashlib
import io
import json
import subprocess
import tarfile

OCI = {
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "index": "application/vnd.oci.image.index.v1+json",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}
DOCKER = {
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layer:
    """A tar archive in the making. Times and owners are fixed, so that the same packages give the
    same digests."""

    def __init__(self, mtime=1_700_000_000):
        self._mtime = mtime
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)

    def directory(self, path, mode=0o755):
        self._add(path, tarfile.DIRTYPE, mode)
        return self

    def file(self, path, data, mode=0o644):
        self._add(path, tarfile.REGTYPE, mode, data=data)
        return self

    def symlink(self, path, target):
        self._add(path, tarfile.SYMTYPE, 0o777, target=target)
        return self

    def hardlink(self, path, target):
        self._add(path, tarfile.LNKTYPE, 0o755, target=target)
        return self

    def _add(self, path, kind, mode, target="", data=b""):
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.linkname, entry.size = kind, mode, target, len(data)
        entry.mtime = self._mtime
        self._tar.addfile(entry, io.BytesIO(data))

    def bytes(self):
        self._tar.close()
        return self._buffer.getvalue()


class Layout:
    """An OCI image layout that collects images under their references."""

    def __init__(self, directory, architecture):
        self._directory = directory
        self._architecture = architecture
        self._blobs = directory / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)
        self._references = []
        self._compressed = {}

    def image(self, references, layers, media=OCI, compression="gzip", **config):
        """Writes one image; returns its manifest's descriptor."""
        descriptor = self._manifest(layers, self._architecture, media, compression, config)
        self._refer(references, descriptor)
        return descriptor

    def index(self, references, layers, **config):
        """The same for this architecture, and beside it one that nobody here can run: a puller has
        to choose."""
        entries = []
        for architecture in ("s390x", self._architecture):
            own = layers if architecture == self._architecture else layers[:1]
            entry = self._manifest(own, architecture, OCI, "gzip", config)
            entries.append(
                entry | {"platform": {"architecture": architecture, "os": "linux"}}
            )
        document = {"schemaVersion": 2, "mediaType": OCI["index"], "manifests": entries}
        self._refer(references, self._json(OCI["index"], document))

    def close(self):
        (self._directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        index = {"schemaVersion": 2, "mediaType": OCI["index"], "manifests": self._references}
        (self._directory / "index.json").write_text(json.dumps(index, indent=1))

    def _manifest(self, layers, architecture, media, compression, config):
        document = {
            "created": "2023-11-14T22:13:20Z",
            "architecture": architecture,
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
        }
        return self._json(
            media["manifest"],
            {
                "schemaVersion": 2,
                "mediaType": media["manifest"],
                "config": self._json(media["config"], document),
                "layers": [self._layer(media, compression, layer) for layer in layers],
            },
        )

    def _layer(self, media, compression, tar):
        key = (digest_of(tar), compression)
        if key not in self._compressed:
            self._compressed[key] = self._blob(COMPRESSORS[compression](tar))
        return {"mediaType": media[compression]} | self._compressed[key]

    def _json(self, media_type, document):
        return {"mediaType": media_type} | self._blob(json.dumps(document).encode())

    def _blob(self, data):
        digest = digest_of(data)
        (self._blobs / digest.removeprefix("sha256:")).write_bytes(data)
        return {"digest": digest, "size": len(data)}

    def _refer(self, references, descriptor):
        for reference in references:
            annotations = {"org.opencontainers.image.ref.name": reference}
            self._references.append(descriptor | {"annotations": annotations})


def _zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, check=True, capture_output=True).stdout


COMPRESSORS = {"gzip": lambda data: gzip.compress(data, 6, mtime=0), "zstd": _zstd}
