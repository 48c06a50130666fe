/// Hashes and ciphers that are as fast as the processor.
///
/// What is computed with them, digests of layers and TLS, lies with those who need it.
@NullMarked
package io.carpel.runtime.crypto;

import org.jspecify.annotations.NullMarked;
