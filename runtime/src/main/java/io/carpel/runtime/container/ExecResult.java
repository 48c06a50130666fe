package io.carpel.runtime.container;

import io.carpel.runtime.spec.Bytes;

/// What a command run inside a container came to.
///
/// @param exitCode 0…255; 128 + n after signal n
/// @param stdout at most the cap that was asked for; the rest was drained and dropped
public record ExecResult(int exitCode, Bytes stdout, Bytes stderr) {}
