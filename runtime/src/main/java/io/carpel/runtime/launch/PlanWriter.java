package io.carpel.runtime.launch;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Writes a plan as the shim reads it (`wire.h`).
final class PlanWriter {
    private static final int SLOTS_AT = 12;

    private byte[] out = new byte[16_384];
    private int size;
    private int slots;

    private PlanWriter() {}

    /// @throws InvalidArgumentException when the plan is larger than a shim accepts
    static byte[] write(List<Op> ops) {
        if (ops.size() > Wire.PLAN_MAX_OPS) {
            throw new InvalidArgumentException(
                    "plan has %d operations, at most %d are possible"
                            .formatted(ops.size(), Wire.PLAN_MAX_OPS));
        }
        var plan = new PlanWriter();
        plan.u32(Wire.PLAN_MAGIC);
        plan.u32(Wire.PLAN_VERSION);
        plan.u32(ops.size());
        plan.u32(0); // known at the end
        ops.forEach(plan::operation);
        plan.put(SLOTS_AT, plan.slots);
        if (plan.slots > Wire.PLAN_MAX_SLOTS || plan.size > Wire.PLAN_MAX_SIZE) {
            throw new InvalidArgumentException(
                    "plan has %d mounts and %d bytes, at most %d and %d are possible"
                            .formatted(
                                    plan.slots,
                                    plan.size,
                                    Wire.PLAN_MAX_SLOTS,
                                    Wire.PLAN_MAX_SIZE));
        }
        return Arrays.copyOf(plan.out, plan.size);
    }

    private void operation(Op op) {
        int head = size;
        u32(0);
        u32(0);
        put(head, fields(op));
        put(head + Integer.BYTES, size - head - 2 * Integer.BYTES);
    }

    /// Writes the fields and gives the opcode.
    private int fields(Op op) {
        return switch (op) {
            case Op.Setting setting -> setting(setting);
            case Op.Step step -> step(step);
            case Op.Source source -> source(source);
            case Op.Tree tree -> tree(tree);
            case Op.Ending ending -> ending(ending);
        };
    }

    private int setting(Op.Setting op) {
        return switch (op) {
            case Op.ExitFile(var path) -> text(1, path);
            case Op.LogFile(var path) -> text(2, path);
            case Op.Stdio(var tty, var stdin, var once) ->
                    number(3, (tty ? 1 : 0) | (stdin ? 2 : 0) | (once ? 4 : 0));
            case Op.Accounting(var killDir, var oomFile, var peakFile) ->
                    text(4, killDir, oomFile, peakFile);
            case Op.Detach() -> 5;
            case Op.Track track -> track(track);
            case Op.TimeLimit(var milliseconds) -> wide(7, milliseconds);
        };
    }

    private int step(Op.Step op) {
        return switch (op) {
            case Op.Fork(var cgroup) -> text(10, cgroup);
            case Op.Clone clone -> cloning(clone);
            case Op.JoinCgroup(var tasks) -> text(12, tasks);
            case Op.JoinTracked() -> 13;
            case Op.OomScore(var value) -> number(14, value);
            case Op.JoinNamespaces(var pins) -> pins(pins);
            case Op.JoinContainer(var flags) -> wide(16, flags);
            case Op.Unshare(var flags) -> wide(17, flags);
            case Op.BecomeRoot() -> 18;
            case Op.Hostname(var name) -> text(19, name);
            case Op.LoopbackUp() -> 20;
            case Op.Gate() -> 21;
            case Op.Reap() -> 22;
            case Op.End() -> 23;
            case Op.OwnStreams(var uid, var gid) -> wide(24, uid, gid);
        };
    }

    private int source(Op.Source op) {
        return switch (op) {
            case Op.Layer(var slot, var path, var user) -> {
                slot(slot);
                yield text(30, path, user);
            }
            case Op.Chown(var path, var uid, var gid) -> {
                text(31, path);
                yield wide(31, uid, gid);
            }
            case Op.Overlay overlay -> overlay(overlay);
            case Op.Bind bind -> bind(bind);
            case Op.Empty(var slot, var options) -> {
                slot(slot);
                yield texts(34, options);
            }
        };
    }

    private int tree(Op.Tree op) {
        return switch (op) {
            case Op.AttachRoot(var slot) -> slot(40, slot);
            case Op.Filesystem(var type, var target, var attributes, var options) -> {
                text(41, type, target);
                u64(attributes);
                yield texts(41, options);
            }
            case Op.Attach(var slot, var target) -> {
                slot(slot);
                yield text(42, target);
            }
            case Op.AttachPart(var slot, var target, var path, var attributes) -> {
                slot(slot);
                text(43, target, path);
                yield wide(43, attributes);
            }
            case Op.Node(var target, var mode, var major, var minor) -> {
                text(44, target);
                yield number(44, mode, major, minor);
            }
            case Op.HostNode(var source, var target, var mode, var uid, var gid) -> {
                text(45, source, target);
                yield wide(45, mode, uid, gid);
            }
            case Op.Verify(var target, var major, var minor) -> {
                text(46, target);
                yield number(46, major, minor);
            }
            case Op.Symlink(var content, var target) -> text(47, content, target);
            case Op.Console(var bind, var uid) -> {
                number(48, bind ? 1 : 0);
                yield wide(48, uid);
            }
            case Op.Mask(var target, var options) -> {
                text(49, target);
                yield texts(49, options);
            }
            case Op.ReadonlyPath(var target) -> text(50, target);
            case Op.ReadonlyRoot() -> 51;
            case Op.Pivot() -> 52;
            case Op.ReadonlyMount(var target) -> text(53, target);
            case Op.Label(var target, var label) -> text(54, target, label);
        };
    }

    private int ending(Op.Ending op) {
        return switch (op) {
            case Op.Sysctl(var path, var value) -> text(60, path, value);
            case Op.WorkingDir(var path) -> text(61, path);
            case Op.Rlimit(var resource, var soft, var hard) -> {
                number(62, resource);
                yield wide(62, soft, hard);
            }
            case Op.NoNewPrivileges() -> 63;
            case Op.ExecLabel(var attribute, var text) -> text(64, attribute, text);
            case Op.Bounding(var mask) -> wide(65, mask);
            case Op.Identity identity -> identity(identity);
            case Op.Capabilities(var effective, var permitted, var inheritable) ->
                    wide(67, effective, permitted, inheritable);
            case Op.Ambient(var mask) -> wide(68, mask);
            case Op.Seccomp(var filter) -> {
                bytes(filter.toArray());
                yield 69;
            }
            case Op.Execute execute -> execute(execute);
        };
    }

    private int track(Op.Track track) {
        text(6, track.parent());
        return number(6, track.unified() ? 1 : 0);
    }

    private int cloning(Op.Clone clone) {
        u64(clone.flags());
        text(11, clone.cgroupDir());
        return number(11, clone.sibling() ? 1 : 0);
    }

    private int pins(List<Op.Pin> pins) {
        u32(pins.size());
        for (Op.Pin pin : pins) {
            string(pin.path());
            u64(pin.type());
        }
        return 15;
    }

    private int overlay(Op.Overlay overlay) {
        slot(overlay.slot());
        texts(32, overlay.lower());
        number(32, overlay.firstLayerSlot(), overlay.layerCount());
        text(32, overlay.upper(), overlay.work());
        return texts(32, overlay.options());
    }

    private int bind(Op.Bind bind) {
        slot(bind.slot());
        text(33, bind.source(), bind.subPath());
        number(33, bind.recursive() ? 1 : 0);
        u64(bind.attributes());
        number(33, bind.everywhere() ? 1 : 0);
        u64(bind.propagation());
        text(33, bind.userNamespace());
        return number(33, bind.optional() ? 1 : 0);
    }

    private int identity(Op.Identity identity) {
        wide(66, identity.uid(), identity.gid());
        u32(identity.groups().size());
        identity.groups().forEach(group -> u32(group.intValue()));
        return 66;
    }

    private int execute(Op.Execute execute) {
        for (List<Bytes> list : List.of(execute.argv(), execute.env())) {
            u32(list.size());
            list.forEach(item -> bytes(item.toArray()));
        }
        return texts(70, execute.candidates());
    }

    private int text(int code, String... values) {
        for (String value : values) {
            string(value);
        }
        return code;
    }

    private int texts(int code, List<String> values) {
        u32(values.size());
        values.forEach(this::string);
        return code;
    }

    private int number(int code, int... values) {
        for (int value : values) {
            u32(value);
        }
        return code;
    }

    private int wide(int code, long... values) {
        for (long value : values) {
            u64(value);
        }
        return code;
    }

    private int slot(int code, int slot) {
        slot(slot);
        return code;
    }

    private void slot(int slot) {
        slots = Math.max(slots, slot + 1);
        u32(slot);
    }

    private void string(String value) {
        if (value.indexOf('\0') >= 0) {
            throw new InvalidArgumentException("a path or name holds a NUL character");
        }
        bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    /// The length does not count the zero behind.
    private void bytes(byte[] value) {
        u32(value.length);
        grow(size + value.length + 1);
        System.arraycopy(value, 0, out, size, value.length);
        out[size + value.length] = 0;
        size += value.length + 1;
    }

    private void grow(int needed) {
        if (needed > out.length) {
            out = Arrays.copyOf(out, Math.max(needed, 2 * out.length));
        }
    }

    private void put(int at, int value) {
        out[at] = (byte) value;
        out[at + 1] = (byte) (value >>> 8);
        out[at + 2] = (byte) (value >>> 16);
        out[at + 3] = (byte) (value >>> 24);
    }

    private void u32(int value) {
        grow(size + Integer.BYTES);
        put(size, value);
        size += Integer.BYTES;
    }

    private void u64(long value) {
        u32((int) value);
        u32((int) (value >>> 32));
    }
}
