/// Pod manifests as CRI requests: what the kubelet does between the API server and the runtime, for
/// one pod from a file.
///
/// [ManifestReader] reads strictly: an unknown field, a field that `carpel run` does not support
/// and a value of the wrong kind are refused with file, line and path; [SupportedFields] is the
/// list. The mappers are pure functions of the manifest and of [NodeFacts]. Only
/// [VolumeDirectories] touches the disk.
@NullMarked
package io.carpel.agent.cli.manifest;

import org.jspecify.annotations.NullMarked;
