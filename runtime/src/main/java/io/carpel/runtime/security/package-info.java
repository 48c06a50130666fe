/// What a process may do: capabilities, masked paths, labels of security modules.
///
/// Pure translation from the spec to kernel values, checked against what the host has. The shim
/// applies them; the seccomp filter is made next door in `seccomp`.
@NullMarked
package io.carpel.runtime.security;

import org.jspecify.annotations.NullMarked;
