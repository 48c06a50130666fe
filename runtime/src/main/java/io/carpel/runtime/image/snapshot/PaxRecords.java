package io.carpel.runtime.image.snapshot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Extended headers as raw bytes.
///
/// The archive library decodes every value as UTF-8, which destroys binary ones such as
/// `security.capability`, and does not tell whether a name came from a header or a record.
final class PaxRecords {
    private static final int BLOCK = 512;
    private static final int SIZE_FIELD = 124;
    private static final int TYPE_FIELD = 156;
    private static final int KEY_LIMIT = 512;

    private PaxRecords() {}

    /// The records of the last extended header in `tape`, which holds the blocks before a file from
    /// offset `from` on. Nothing is found in a malformed header: the library has refused it before.
    static Map<String, byte[]> last(byte[] tape, int from) {
        Map<String, byte[]> found = Map.of();
        int at = from;
        while (at + BLOCK <= tape.length) {
            long size = octal(tape, at + SIZE_FIELD);
            byte type = tape[at + TYPE_FIELD];
            boolean extended = type == 'x' || type == 'X';
            if (!extended && type != 'g' && type != 'L' && type != 'K') {
                return found;
            }
            int start = at + BLOCK;
            if (size < 0 || start + size > tape.length) {
                return found;
            }
            if (extended) {
                found = parse(tape, start, (int) (start + size));
            }
            at = (int) (start + (size + BLOCK - 1) / BLOCK * BLOCK);
        }
        return found;
    }

    private static long octal(byte[] block, int at) {
        long value = 0;
        for (int i = at; i < at + 12; i++) {
            byte c = block[i];
            if (c >= '0' && c <= '7') {
                value = value * 8 + (c - '0');
            } else if (c != ' ' && c != 0) {
                return -1;
            }
        }
        return value;
    }

    private static Map<String, byte[]> parse(byte[] raw, int from, int end) {
        Map<String, byte[]> out = new LinkedHashMap<>();
        int at = from;
        while (at < end) {
            int digits = at;
            int length = 0;
            while (digits < end && raw[digits] >= '0' && raw[digits] <= '9' && length < 1 << 24) {
                length = length * 10 + (raw[digits++] - '0');
            }
            int next = at + length;
            int equals = digits + 1;
            while (equals < next && equals < end && raw[equals] != '=') {
                equals++;
            }
            if (length == 0 || next > end || equals >= next || equals - digits > KEY_LIMIT) {
                return out;
            }
            String key = new String(raw, digits + 1, equals - digits - 1, StandardCharsets.UTF_8);
            out.put(key, Arrays.copyOfRange(raw, equals + 1, next - 1));
            at = next;
        }
        return out;
    }
}
