package io.carpel.runtime.network.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.LinuxNetlinkCalls;
import io.carpel.runtime.linux.NetlinkCalls;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Encoding, the counting of acknowledgements, and answers of a kernel that is none.
final class NetlinkTest {
    private static final int NLM_F_ACK_TLVS = 0x200;
    private static final int NLM_F_CAPPED = 0x100;

    /// A kernel that answers with what was put in before.
    private static final class ScriptedKernel implements NetlinkCalls {
        final Deque<byte[]> answers = new ArrayDeque<>();
        final ByteArrayOutputStream sent = new ByteArrayOutputStream();

        @Override
        public Fd open(int protocol) {
            return new Fd(Integer.MAX_VALUE); // closing it fails with EBADF, which is ignored
        }

        @Override
        public void send(Fd socket, byte[] messages) {
            sent.writeBytes(messages);
        }

        @Override
        public int receive(Fd socket, byte[] buffer) throws ErrnoException {
            byte[] answer = answers.poll();
            if (answer == null) {
                throw new ErrnoException("recvfrom", "netlink", Errno.EAGAIN);
            }
            System.arraycopy(answer, 0, buffer, 0, answer.length);
            return answer.length;
        }
    }

    private static byte[] message(int type, int flags, int sequence, byte[] payload) {
        var buffer =
                ByteBuffer.allocate((16 + payload.length + 3) & ~3).order(ByteOrder.nativeOrder());
        buffer.putInt(16 + payload.length).putShort((short) type).putShort((short) flags);
        return buffer.putInt(sequence).putInt(0).put(payload).array();
    }

    private static byte[] acknowledgement(int sequence, int errno, String why) {
        byte[] text = (why + '\0').getBytes(StandardCharsets.UTF_8);
        var buffer = ByteBuffer.allocate(4 + 16 + 4 + text.length).order(ByteOrder.nativeOrder());
        buffer.putInt(-errno).putInt(16).putLong(0).putInt(0);
        buffer.putShort((short) (4 + text.length)).putShort((short) 1).put(text);
        return message(
                2, why.isEmpty() ? 0 : NLM_F_ACK_TLVS | NLM_F_CAPPED, sequence, buffer.array());
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static List<NetlinkRequest> three() {
        return List.of(Links.deleteLink("a"), Links.deleteLink("b"), Links.deleteLink("c"));
    }

    @Test
    void requestIsEncodedAsTheKernelReadsIt() {
        byte[] message = Links.deleteLink("eth0").encode(77);
        var read = ByteBuffer.wrap(message).order(ByteOrder.nativeOrder());
        assertThat(read.getInt()).isEqualTo(message.length).isEqualTo(16 + 16 + 12);
        assertThat(read.getShort()).as("RTM_DELLINK").isEqualTo((short) 17);
        assertThat(read.getShort()).as("request, ack").isEqualTo((short) 5);
        assertThat(read.getInt()).isEqualTo(77);
        read.position(32);
        assertThat(read.getShort()).as("4 + eth0 and its zero").isEqualTo((short) 9);
        assertThat(read.getShort()).as("IFLA_IFNAME").isEqualTo((short) 3);
    }

    @Test
    void acknowledgementsAreCountedOverDatagramsAndOrder() throws IOException {
        var kernel = new ScriptedKernel();
        kernel.answers.add(acknowledgement(2, 0, ""));
        kernel.answers.add(join(acknowledgement(99, 5, ""), acknowledgement(2, 5, "a repetition")));
        kernel.answers.add(join(acknowledgement(3, 0, ""), acknowledgement(1, 0, "")));
        try (Rtnetlink netlink = Rtnetlink.open(kernel)) {
            netlink.execute(three());
        }
        assertThat(kernel.answers).isEmpty();
    }

    @Test
    void firstRefusalIsThrownWithTheKernelsReason() throws IOException {
        var kernel = new ScriptedKernel();
        kernel.answers.add(
                join(
                        acknowledgement(1, 0, ""),
                        acknowledgement(2, 19, "no such thing"),
                        acknowledgement(3, 1, "too late")));
        try (Rtnetlink netlink = Rtnetlink.open(kernel)) {
            assertThatThrownBy(() -> netlink.execute(three()))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageStartingWith("netlink delete link b (no such thing): ENODEV");
        }
    }

    @Test
    void missingAcknowledgementIsAnError() throws IOException {
        var kernel = new ScriptedKernel();
        kernel.answers.add(acknowledgement(1, 0, ""));
        try (Rtnetlink netlink = Rtnetlink.open(kernel)) {
            assertThatThrownBy(() -> netlink.execute(three())).hasMessageContaining("EAGAIN");
        }
    }

    @Test
    void impossibleLengthsAreRefused() {
        byte[] short1 = new byte[10];
        assertThatThrownBy(() -> NetlinkReply.parse(short1, 10)).hasMessageContaining("cut off");
        assertThatThrownBy(() -> NetlinkReply.parse(short1, 11))
                .hasMessageContaining("out of bounds");
        byte[] huge = message(2, 0, 1, new byte[4]);
        ByteBuffer.wrap(huge).order(ByteOrder.nativeOrder()).putInt(0, 1 << 30);
        assertThatThrownBy(() -> NetlinkReply.parse(huge, huge.length))
                .hasMessageContaining("message of 1073741824 bytes");
        byte[] zero = message(2, 0, 1, new byte[4]);
        ByteBuffer.wrap(zero).putInt(0, 0);
        assertThatThrownBy(() -> NetlinkReply.parse(zero, zero.length))
                .isInstanceOf(IOException.class);
    }

    @Test
    void mangledAnswersEndInAnErrorOfOurs() throws IOException {
        byte[] sane =
                join(
                        acknowledgement(1, 19, "why not"),
                        message(
                                16,
                                2,
                                1,
                                new byte[] {
                                    0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 3, 0, 'e',
                                    't', 'h', '0', 0, 0, 0, 0, 16, 0, 18, 0, 11, 0, 1, 0, 'b', 'r',
                                    'i', 'd', 'g', 'e', 0, 0
                                }));
        var random = new Random(99);
        int refused = 0;
        for (int round = 0; round < 50_000; round++) {
            byte[] bytes = sane.clone();
            for (int i = 0; i < 1 + random.nextInt(6); i++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            int length = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
            try {
                for (NetlinkReply reply : NetlinkReply.parse(bytes, length)) {
                    if (reply.type() == NetlinkReply.NLMSG_ERROR) {
                        reply.errno();
                        reply.explanation();
                    } else {
                        Links.link(reply);
                    }
                }
            } catch (IOException _) {
                refused++;
            }
        }
        assertThat(refused).isBetween(1000, 50_000);
    }

    /// The real kernel understands what we write: no rights are needed to look at the loopback.
    @Test
    void loopbackIsFound() throws IOException {
        try (Rtnetlink netlink = Rtnetlink.open(new LinuxNetlinkCalls())) {
            assertThat(Links.find(netlink, "lo").orElseThrow().index()).isEqualTo(1);
            assertThat(Links.find(netlink, "nosuchlink0")).isEmpty();
            assertThat(Links.all(netlink)).anyMatch(link -> link.name().equals("lo"));
            assertThat(Links.addresses(netlink))
                    .anyMatch(a -> a.address().equals(InetAddress.ofLiteral("127.0.0.1")));
        }
    }
}
