/// What a process may do: capabilities, masked paths, labels of security modules.
///
/// Pure translation from the spec to kernel values, checked against what the host has. The shim
/// applies them; the seccomp filter is made next door in `seccomp`.
///
/// One thing is kept here: which SELinux categories are whose ([SelinuxLabel]). Sandboxes and
/// containers write theirs down and claim them again after a restart.
@NullMarked
package io.carpel.runtime.security;

import org.jspecify.annotations.NullMarked;
