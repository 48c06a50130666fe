package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.file.Path;

/// [BpfCalls] by `syscall(2)`; layouts are those of `union bpf_attr` in `linux/bpf.h`.
public final class LinuxBpfCalls implements BpfCalls {
    static {
        Native.register(LinuxBpfCalls.class, "c");
    }

    private static final long NR_BPF = "aarch64".equals(System.getProperty("os.arch")) ? 280 : 321;

    private static final int O_RDONLY_CLOEXEC = 0x8_0000;
    private static final int BPF_PROG_LOAD = 5;
    private static final int BPF_PROG_ATTACH = 8;
    private static final int BPF_PROG_DETACH = 9;
    private static final int BPF_PROG_GET_FD_BY_ID = 13;
    private static final int BPF_PROG_QUERY = 16;
    private static final int BPF_PROG_TYPE_CGROUP_DEVICE = 15;
    private static final int BPF_CGROUP_DEVICE = 6;
    private static final int ATTR_SIZE = 64;
    private static final int LOG_SIZE = 16 * 1024;
    private static final int MAX_PROGRAMS = 64;

    @Override
    public Fd openCgroup(Path directory) throws ErrnoException {
        try {
            return new Fd(open(LinuxMountCalls.cString(directory), O_RDONLY_CLOEXEC));
        } catch (LastErrorException e) {
            throw new ErrnoException("open", directory.toString(), e.getErrorCode());
        }
    }

    @Override
    public Fd loadDeviceProgram(byte[] instructions) throws ErrnoException {
        try (Memory attr = cleared();
                Memory code = new Memory(instructions.length);
                Memory license = new Memory(8)) {
            code.write(0, instructions, 0, instructions.length);
            license.setString(0, "Apache", "US-ASCII");
            attr.setInt(0, BPF_PROG_TYPE_CGROUP_DEVICE);
            attr.setInt(4, instructions.length / 8);
            attr.setPointer(8, code);
            attr.setPointer(16, license);
            try {
                return new Fd(bpf(BPF_PROG_LOAD, attr));
            } catch (ErrnoException _) {
                return loadWithLog(attr);
            }
        }
    }

    /// A second attempt with the verifier's log, so that a refusal says why.
    private static Fd loadWithLog(Memory attr) throws ErrnoException {
        try (Memory log = new Memory(LOG_SIZE)) {
            log.clear();
            attr.setInt(24, 1);
            attr.setInt(28, LOG_SIZE);
            attr.setPointer(32, log);
            try {
                return new Fd(bpf(BPF_PROG_LOAD, attr));
            } catch (ErrnoException e) {
                String said = log.getString(0, "US-ASCII").strip();
                String subject = said.isEmpty() ? "cgroup device program" : said;
                throw new ErrnoException("bpf BPF_PROG_LOAD", subject, e.errno());
            }
        }
    }

    @Override
    public void attachDevice(Fd cgroup, Fd program, int flags) throws ErrnoException {
        attach(cgroup, program, flags, 0);
    }

    @Override
    public void replaceDevice(Fd cgroup, Fd program, Fd old) throws ErrnoException {
        attach(cgroup, program, ALLOW_MULTI | REPLACE, old.number());
    }

    private static void attach(Fd cgroup, Fd program, int flags, int replaced)
            throws ErrnoException {
        try (Memory attr = cleared()) {
            attr.setInt(0, cgroup.number());
            attr.setInt(4, program.number());
            attr.setInt(8, BPF_CGROUP_DEVICE);
            attr.setInt(12, flags);
            attr.setInt(16, replaced);
            bpf(BPF_PROG_ATTACH, attr);
        }
    }

    @Override
    public void detachDevice(Fd cgroup, Fd program) throws ErrnoException {
        try (Memory attr = cleared()) {
            attr.setInt(0, cgroup.number());
            attr.setInt(4, program.number());
            attr.setInt(8, BPF_CGROUP_DEVICE);
            bpf(BPF_PROG_DETACH, attr);
        }
    }

    @Override
    public int[] queryDevice(Fd cgroup) throws ErrnoException {
        try (Memory attr = cleared();
                Memory ids = new Memory(4L * MAX_PROGRAMS)) {
            attr.setInt(0, cgroup.number());
            attr.setInt(4, BPF_CGROUP_DEVICE);
            attr.setPointer(16, ids);
            attr.setInt(24, MAX_PROGRAMS);
            bpf(BPF_PROG_QUERY, attr);
            return ids.getIntArray(0, attr.getInt(24));
        }
    }

    @Override
    public Fd programById(int id) throws ErrnoException {
        try (Memory attr = cleared()) {
            attr.setInt(0, id);
            return new Fd(bpf(BPF_PROG_GET_FD_BY_ID, attr));
        }
    }

    private static Memory cleared() {
        Memory attr = new Memory(ATTR_SIZE);
        attr.clear();
        return attr;
    }

    private static int bpf(int command, Memory attr) throws ErrnoException {
        while (true) {
            try {
                return (int) syscall(NR_BPF, command, attr, ATTR_SIZE);
            } catch (LastErrorException e) {
                // The verifier gives up with EAGAIN when a signal is pending.
                if (e.getErrorCode() != Errno.EINTR && e.getErrorCode() != Errno.EAGAIN) {
                    throw new ErrnoException("bpf", "command " + command, e.getErrorCode());
                }
            }
        }
    }

    private static native int open(byte[] path, int flags) throws LastErrorException;

    private static native long syscall(long number, int command, Pointer attr, int size)
            throws LastErrorException;
}
