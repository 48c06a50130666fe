/// System call filters: from a profile to the program that the shim hands to the kernel.
///
/// [SeccompProfile] is what people write (the JSON of docker and of containers-common) or our own
/// default; [SeccompCompiler] turns it into BPF by libseccomp, once for each profile and set of
/// capabilities; [SyscallTable] knows the calls that are newer than the libseccomp at hand.
@NullMarked
package io.carpel.runtime.seccomp;

import org.jspecify.annotations.NullMarked;
