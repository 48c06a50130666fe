package io.carpel.runtime.security;

/// The AppArmor profile of containers that bring none.
///
/// It takes away what a container has no business with even as root and whatever its capabilities
/// are: changing the kernel's settings, mounting, looking into the firmware. Processes of such
/// containers may signal and trace each other and nobody else; the host may signal them.
final class DefaultAppArmor {
    private DefaultAppArmor() {}

    /// In the language of apparmor.d(5). Names no file of the host's, so that it can be loaded
    /// wherever the parser is.
    static String text(String name) {
        return """
        profile NAME flags=(attach_disconnected,mediate_deleted) {
          file,
          network,
          capability,
          umount,

          signal (receive) peer=unconfined,
          signal (send, receive) peer=NAME,
          ptrace (trace, read, tracedby, readby) peer=NAME,

          deny mount,

          # The kernel's own files in /proc: all that is no process's directory, but for the
          # settings of shared memory, which belong to the container's IPC namespace.
          deny /proc/* w,
          deny /proc/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
          deny /proc/sys/[^k]** w,
          deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w,
          deny /proc/sysrq-trigger rwklx,
          deny /proc/kcore rwklx,

          # /sys but for the cgroups below /sys/fs.
          deny /sys/[^f]*/** wklx,
          deny /sys/f[^s]*/** wklx,
          deny /sys/fs/[^c]*/** wklx,
          deny /sys/fs/c[^g]*/** wklx,
          deny /sys/fs/cg[^r]*/** wklx,
          deny /sys/firmware/** rwklx,
          deny /sys/devices/virtual/powercap/** rwklx,
          deny /sys/kernel/security/** rwklx,
        }
        """
                .replace("NAME", name);
    }
}
