package io.carpel.runtime.cgroup;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Device rules as an eBPF program for `BPF_CGROUP_DEVICE` (since 4.15).
///
/// The kernel calls it with `struct bpf_cgroup_dev_ctx`: type and access packed in one word, then
/// major and minor. It answers 1 to allow. Rules are tried from the last to the first, since the
/// last that matches decides; a rule whose conditions fail jumps to the next one.
final class DeviceProgram {
    // linux/bpf_common.h and linux/bpf.h: class | size or operation | source
    private static final int LOAD_WORD = 0x61;
    private static final int AND_IMMEDIATE = 0x57;
    private static final int SHIFT_RIGHT_IMMEDIATE = 0x77;
    private static final int MOVE_REGISTER = 0xbf;
    private static final int MOVE_IMMEDIATE = 0xb7;
    private static final int JUMP_EQUAL_IMMEDIATE = 0x15;
    private static final int JUMP_NOT_EQUAL_IMMEDIATE = 0x55;
    private static final int JUMP_NOT_EQUAL_REGISTER = 0x5d;
    private static final int EXIT = 0x95;
    private static final int INSTRUCTION_SIZE = 8;

    // BPF_DEVCG_*
    private static final int TYPE_BLOCK = 1;
    private static final int TYPE_CHARACTER = 2;
    private static final int ACCESS_MKNOD = 1;
    private static final int ACCESS_READ = 2;
    private static final int ACCESS_WRITE = 4;
    private static final int ACCESS_ALL = 7;

    private static final int RESULT = 0;
    private static final int SCRATCH = 1;
    private static final int TYPE = 2;
    private static final int ACCESS = 3;
    private static final int MAJOR = 4;
    private static final int MINOR = 5;

    private record Instruction(int code, int target, int source, int offset, int immediate) {}

    private DeviceProgram() {}

    /// The program's bytes, `struct bpf_insn` after `struct bpf_insn`.
    static byte[] assemble(DeviceRules rules) {
        var code = new ArrayList<Instruction>();
        code.add(new Instruction(LOAD_WORD, TYPE, SCRATCH, 0, 0));
        code.add(new Instruction(MOVE_REGISTER, ACCESS, TYPE, 0, 0));
        code.add(new Instruction(AND_IMMEDIATE, TYPE, 0, 0, 0xffff));
        code.add(new Instruction(SHIFT_RIGHT_IMMEDIATE, ACCESS, 0, 0, 16));
        code.add(new Instruction(LOAD_WORD, MAJOR, SCRATCH, 4, 0));
        code.add(new Instruction(LOAD_WORD, MINOR, SCRATCH, 8, 0));
        boolean open = true;
        for (DeviceRules.Rule rule : rules.rules().reversed()) {
            List<Instruction> block = block(rule);
            code.addAll(block);
            if (unconditional(rule)) {
                // What follows could never run, and the verifier refuses dead code.
                open = false;
                break;
            }
        }
        if (open) {
            code.add(new Instruction(MOVE_IMMEDIATE, RESULT, 0, 0, 0));
            code.add(new Instruction(EXIT, 0, 0, 0, 0));
        }
        return encode(code);
    }

    private static boolean unconditional(DeviceRules.Rule rule) {
        return rule.coversEverything()
                && rule.major() == DeviceRules.ANY
                && rule.minor() == DeviceRules.ANY
                && rule.allow();
    }

    private static List<Instruction> block(DeviceRules.Rule rule) {
        var block = new ArrayList<Instruction>();
        // Conditions jump to the end of the block; the distance is known only when it is complete.
        switch (rule.type()) {
            case BLOCK -> block.add(unless(JUMP_NOT_EQUAL_IMMEDIATE, TYPE, 0, TYPE_BLOCK));
            case CHARACTER -> block.add(unless(JUMP_NOT_EQUAL_IMMEDIATE, TYPE, 0, TYPE_CHARACTER));
            case ALL -> {}
        }
        int access = access(rule.access());
        if (!rule.allow()) {
            // A refusal of one right refuses every request that includes it.
            block.add(new Instruction(MOVE_REGISTER, SCRATCH, ACCESS, 0, 0));
            block.add(new Instruction(AND_IMMEDIATE, SCRATCH, 0, 0, access));
            block.add(unless(JUMP_EQUAL_IMMEDIATE, SCRATCH, 0, 0));
        } else if (access != ACCESS_ALL) {
            block.add(new Instruction(MOVE_REGISTER, SCRATCH, ACCESS, 0, 0));
            block.add(new Instruction(AND_IMMEDIATE, SCRATCH, 0, 0, access));
            block.add(unless(JUMP_NOT_EQUAL_REGISTER, SCRATCH, ACCESS, 0));
        }
        if (rule.major() != DeviceRules.ANY) {
            block.add(unless(JUMP_NOT_EQUAL_IMMEDIATE, MAJOR, 0, rule.major()));
        }
        if (rule.minor() != DeviceRules.ANY) {
            block.add(unless(JUMP_NOT_EQUAL_IMMEDIATE, MINOR, 0, rule.minor()));
        }
        block.add(new Instruction(MOVE_IMMEDIATE, RESULT, 0, 0, rule.allow() ? 1 : 0));
        block.add(new Instruction(EXIT, 0, 0, 0, 0));
        for (int i = 0; i < block.size(); i++) {
            Instruction each = block.get(i);
            if (each.offset < 0) {
                int distance = block.size() - i - 1;
                block.set(
                        i,
                        new Instruction(
                                each.code, each.target, each.source, distance, each.immediate));
            }
        }
        return block;
    }

    /// A jump out of the block, its distance still open.
    private static Instruction unless(int code, int left, int right, int immediate) {
        return new Instruction(code, left, right, -1, immediate);
    }

    private static int access(String letters) {
        int access = 0;
        for (int i = 0; i < letters.length(); i++) {
            access |=
                    switch (letters.charAt(i)) {
                        case 'm' -> ACCESS_MKNOD;
                        case 'r' -> ACCESS_READ;
                        default -> ACCESS_WRITE;
                    };
        }
        return access;
    }

    private static byte[] encode(List<Instruction> code) {
        ByteBuffer bytes =
                ByteBuffer.allocate(code.size() * INSTRUCTION_SIZE).order(ByteOrder.nativeOrder());
        for (Instruction each : code) {
            bytes.put((byte) each.code)
                    .put((byte) (each.target | each.source << 4))
                    .putShort((short) each.offset)
                    .putInt(each.immediate);
        }
        return bytes.array();
    }
}
