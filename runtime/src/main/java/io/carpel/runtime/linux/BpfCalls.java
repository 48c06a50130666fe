package io.carpel.runtime.linux;

import java.nio.file.Path;

/// The part of `bpf(2)` that device control of cgroup v2 needs.
public interface BpfCalls {
    /// Lets other programs on the same cgroup stay and run too (`BPF_F_ALLOW_MULTI`, since 4.15).
    int ALLOW_MULTI = 2;

    /// Puts the new program in the place of another (`BPF_F_REPLACE`, since 5.6).
    int REPLACE = 4;

    /// Opens a cgroup's directory for the calls below.
    Fd openCgroup(Path directory) throws ErrnoException;

    /// Loads a `BPF_PROG_TYPE_CGROUP_DEVICE` program (since 4.15).
    ///
    /// @param instructions whole `struct bpf_insn`, eight bytes each, in native byte order
    Fd loadDeviceProgram(byte[] instructions) throws ErrnoException;

    /// Attaches a device program to a cgroup; it outlives the program's descriptor.
    void attachDevice(Fd cgroup, Fd program, int flags) throws ErrnoException;

    /// Attaches `program` in the place of `old` in one step, so that the cgroup is never without.
    void replaceDevice(Fd cgroup, Fd program, Fd old) throws ErrnoException;

    void detachDevice(Fd cgroup, Fd program) throws ErrnoException;

    /// The ids of the device programs attached to a cgroup, 64 at most.
    int[] queryDevice(Fd cgroup) throws ErrnoException;

    /// A descriptor for the program with this id; ENOENT when it is gone.
    Fd programById(int id) throws ErrnoException;
}
