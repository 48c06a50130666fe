package io.carpel.runtime.image;

import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;

/// An image whose documents have been read and checked, before it is present.
///
/// @param config digest of the configuration, the image's id
// Not compared, only carried; the arrays are never changed.
@SuppressWarnings("ArrayRecordComponent")
record Incoming(
        Descriptor manifest,
        byte[] manifestBytes,
        Digest config,
        byte[] configBytes,
        ConfigReader.Parsed parsed) {}
