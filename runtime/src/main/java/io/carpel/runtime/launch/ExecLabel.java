package io.carpel.runtime.launch;

/// What a process becomes for a security module when it executes its program.
///
/// @param text as the module takes it: `exec PROFILE` for AppArmor, a context for SELinux
public record ExecLabel(Module module, String text) {
    /// Which module is told.
    public enum Module {
        /// Has a directory of its own below `attr` since Linux 5.1, for where several modules are
        /// active.
        APPARMOR("apparmor/exec"),
        SELINUX("exec");

        private final String attribute;

        Module(String attribute) {
            this.attribute = attribute;
        }

        /// Below `/proc/thread-self/attr`.
        String attribute() {
            return attribute;
        }
    }
}
