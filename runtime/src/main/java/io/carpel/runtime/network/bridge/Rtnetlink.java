package io.carpel.runtime.network.bridge;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.NetlinkCalls;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A conversation with rtnetlink(7) in the network namespace in which it was opened.
///
/// Several requests go out in one datagram; the kernel works through them in order and acknowledges
/// each, in as many datagrams as it likes, so acknowledgements are counted. For one thread at a
/// time.
final class Rtnetlink implements AutoCloseable {
    /// The kernel's largest datagram of a dump is 32 KiB.
    private static final int BUFFER_SIZE = 64 * 1024;

    /// More than any dump we ask for: a host with this many links has other problems.
    private static final int MAX_DUMP_MESSAGES = 100_000;

    private final NetlinkCalls calls;
    private final Fd socket;
    private final byte[] buffer = new byte[BUFFER_SIZE];
    private int sequence;

    private Rtnetlink(NetlinkCalls calls, Fd socket) {
        this.calls = calls;
        this.socket = socket;
    }

    /// Opens it in the calling thread's namespace.
    static Rtnetlink open(NetlinkCalls calls) throws ErrnoException {
        return open(calls, NetlinkCalls.NETLINK_ROUTE);
    }

    /// The same with another family, which speaks as rtnetlink does.
    static Rtnetlink open(NetlinkCalls calls, int family) throws ErrnoException {
        return new Rtnetlink(calls, calls.open(family));
    }

    /// Sends the requests as one batch and waits for all acknowledgements.
    ///
    /// @throws ErrnoException the first refusal, with its request's subject. Later requests of the
    ///   batch were tried nevertheless.
    void execute(List<NetlinkRequest> requests) throws IOException {
        int first = sequence + 1;
        var batch = new ByteArrayOutputStream();
        for (NetlinkRequest request : requests) {
            batch.writeBytes(request.encode(++sequence));
        }
        calls.send(socket, batch.toByteArray());
        var answered = new boolean[requests.size()];
        int missing = requests.size();
        IOException failure = null;
        while (missing > 0) {
            for (NetlinkReply reply : receive()) {
                int index = reply.sequence() - first;
                if (reply.type() != NetlinkReply.NLMSG_ERROR
                        || index < 0
                        || index >= answered.length
                        || answered[index]) {
                    continue; // left over from an earlier, failed conversation
                }
                answered[index] = true;
                missing--;
                if (reply.errno() != 0 && failure == null) {
                    failure = refusal(requests.get(index), reply);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /// Sends one request about an object that may vanish at any moment, which is fine too.
    void executeUnlessGone(NetlinkRequest request) throws IOException {
        try {
            execute(List.of(request));
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
    }

    /// Asks for one object.
    ///
    /// @throws ErrnoException ENODEV and the like when it does not exist
    NetlinkReply get(NetlinkRequest request) throws IOException {
        calls.send(socket, request.encode(++sequence));
        while (true) {
            for (NetlinkReply reply : receive()) {
                if (reply.sequence() != sequence) {
                    continue;
                }
                if (reply.type() != NetlinkReply.NLMSG_ERROR) {
                    return reply;
                }
                throw reply.errno() == 0
                        ? new ErrnoException("netlink", request.subject(), Errno.ENODATA)
                        : refusal(request, reply);
            }
        }
    }

    /// Asks for all objects of a kind.
    List<NetlinkReply> dump(NetlinkRequest request) throws IOException {
        calls.send(socket, request.encode(++sequence));
        var replies = new ArrayList<NetlinkReply>();
        while (true) {
            for (NetlinkReply reply : receive()) {
                if (reply.sequence() != sequence) {
                    continue;
                }
                if (reply.type() == NetlinkReply.NLMSG_DONE) {
                    return replies;
                }
                if (reply.type() == NetlinkReply.NLMSG_ERROR) {
                    throw refusal(request, reply);
                }
                if (replies.size() >= MAX_DUMP_MESSAGES) {
                    throw new IOException(
                            "netlink dump of %s exceeds %d messages"
                                    .formatted(request.subject(), MAX_DUMP_MESSAGES));
                }
                replies.add(reply);
            }
        }
    }

    private List<NetlinkReply> receive() throws IOException {
        int length = calls.receive(socket, buffer);
        // Replies are slices, so each datagram gets its own bytes.
        byte[] datagram = Arrays.copyOf(buffer, length);
        return NetlinkReply.parse(datagram, length);
    }

    private static ErrnoException refusal(NetlinkRequest request, NetlinkReply reply)
            throws IOException {
        String why = reply.explanation();
        return new ErrnoException(
                "netlink",
                why.isEmpty() ? request.subject() : request.subject() + " (" + why + ")",
                reply.errno());
    }

    @Override
    public void close() {
        socket.close();
    }
}
