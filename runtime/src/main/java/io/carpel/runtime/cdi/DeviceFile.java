package io.carpel.runtime.cdi;

import java.nio.file.Path;
import java.util.Map;

/// A specification as one file has it.
///
/// @param kind `vendor/class`
/// @param devices edits by the device's name within the kind
/// @param common edits that go with each of them
record DeviceFile(Path file, String kind, Map<String, CdiEdits> devices, CdiEdits common) {
    DeviceFile {
        devices = Map.copyOf(devices);
    }
}
