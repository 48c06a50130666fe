package io.carpel.runtime.image.content;

import java.util.Set;

/// Media types of OCI images and of docker's second schema, which mean the same.
public final class MediaTypes {
    public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
    public static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    public static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
    public static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
    public static final String DOCKER_INDEX =
            "application/vnd.docker.distribution.manifest.list.v2+json";
    public static final String DOCKER_MANIFEST =
            "application/vnd.docker.distribution.manifest.v2+json";
    public static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";

    private static final Set<String> LAYER_STEMS =
            Set.of(
                    OCI_LAYER,
                    "application/vnd.oci.image.layer.nondistributable.v1.tar",
                    "application/vnd.docker.image.rootfs.diff.tar",
                    "application/vnd.docker.image.rootfs.foreign.diff.tar");

    private MediaTypes() {}

    public static boolean isIndex(String type) {
        return type.equals(OCI_INDEX) || type.equals(DOCKER_INDEX);
    }

    public static boolean isManifest(String type) {
        return type.equals(OCI_MANIFEST) || type.equals(DOCKER_MANIFEST);
    }

    public static boolean isConfig(String type) {
        return type.equals(OCI_CONFIG) || type.equals(DOCKER_CONFIG);
    }

    /// A layer in any of the compressions that images use.
    public static boolean isLayer(String type) {
        String stem = type;
        for (String suffix : new String[] {"+gzip", ".gzip", "+zstd", ".zstd"}) {
            if (type.endsWith(suffix)) {
                stem = type.substring(0, type.length() - suffix.length());
            }
        }
        return LAYER_STEMS.contains(stem);
    }
}
