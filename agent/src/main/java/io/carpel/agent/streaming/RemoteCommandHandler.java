package io.carpel.agent.streaming;

import io.carpel.agent.streaming.StreamRequest.Streams;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.io.ProcessSession;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Carries one exec or attach between a client's channels and the runtime. Each running one has a
/// virtual thread for each direction.
// A write that fails closes its channel, and that is seen where it matters.
@SuppressWarnings("FutureReturnValueIgnored")
final class RemoteCommandHandler {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteCommandHandler.class);
    private static final JsonMapper JSON = new JsonMapper();

    /// A window size is some 30 bytes; a message that grows beyond this is not one.
    private static final int MAX_RESIZE = 1024;

    private static final int MAX_CELLS = 65535;

    private final StreamBackend backend;
    private final ThreadFactory threads;

    RemoteCommandHandler(StreamBackend backend, ThreadFactory threads) {
        this.backend = backend;
        this.threads = threads;
    }

    /// The channels of one client; those it did not ask for are absent.
    record Channels(
            StreamConnection connection,
            ChannelProtocol protocol,
            StreamChannel error,
            Optional<StreamChannel> stdin,
            Optional<StreamChannel> stdout,
            Optional<StreamChannel> stderr,
            Optional<StreamChannel> resize) {}

    /// Runs to the end and closes the connection; call it on a virtual thread.
    void run(StreamRequest request, Channels channels) {
        try {
            String status = serve(request, channels);
            if (!status.isEmpty()) {
                channels.error().write(bytes(status));
            }
            channels.stdout().ifPresent(StreamChannel::closeWrite);
            channels.stderr().ifPresent(StreamChannel::closeWrite);
            channels.error().closeWrite();
        } catch (UncheckedIOException gone) {
            LOG.debug("client of {} left before the end", request.verb());
        } finally {
            channels.stdin().ifPresent(StreamChannel::abandon);
            channels.resize().ifPresent(StreamChannel::abandon);
            channels.connection().close();
        }
    }

    private String serve(StreamRequest request, Channels channels) {
        boolean structured = channels.protocol().structuredStatus();
        try (ProcessSession session = open(request)) {
            // A client that leaves must end a command that prints nothing, too.
            channels.connection().channel().closeFuture().addListener(_ -> closeLater(session));
            channels.stdin().ifPresent(stdin -> feed(session, stdin));
            channels.resize().ifPresent(resize -> follow(session, resize));
            int code = session.await(output(channels));
            if (structured) {
                return RemoteStatus.ofExitCode(code);
            }
            return code == 0
                    ? ""
                    : "error executing command in container: exit status %d".formatted(code);
        } catch (ContainerRuntimeException failure) {
            String message = String.valueOf(failure.getMessage());
            return structured ? RemoteStatus.ofFailure(message) : message;
        }
    }

    private ProcessSession open(StreamRequest request) {
        return switch (request) {
            case StreamRequest.Exec exec -> backend.exec(exec);
            case StreamRequest.Attach attach -> backend.attach(attach);
            case StreamRequest.PortForward _ ->
                    throw new IllegalArgumentException("a port-forward is no command");
        };
    }

    private void closeLater(ProcessSession session) {
        threads.newThread(session::close).start();
    }

    private static ProcessSession.Output output(Channels channels) {
        return new ProcessSession.Output() {
            @Override
            public void stdout(ByteBuffer data) {
                channels.stdout().ifPresent(stream -> stream.write(data));
            }

            @Override
            public void stderr(ByteBuffer data) {
                channels.stderr().ifPresent(stream -> stream.write(data));
            }
        };
    }

    private void feed(ProcessSession session, StreamChannel stdin) {
        threads.newThread(
                        () -> {
                            try {
                                while (stdin.read(session::write)) {
                                    // read does the work
                                }
                                session.closeStdin();
                            } catch (IOException | RuntimeException ended) {
                                LOG.debug("standard input is not read any more", ended);
                                stdin.abandon();
                            }
                        })
                .start();
    }

    private void follow(ProcessSession session, StreamChannel resize) {
        threads.newThread(
                        () -> {
                            ByteArrayOutputStream pending = new ByteArrayOutputStream();
                            try {
                                while (resize.read(chunk -> collect(session, pending, chunk))) {
                                    // read does the work
                                }
                            } catch (IOException | RuntimeException ended) {
                                LOG.debug("no more window sizes", ended);
                                resize.abandon();
                            }
                        })
                .start();
    }

    /// Sizes follow each other as JSON objects without nesting, cut at any byte.
    private static void collect(
            ProcessSession session, ByteArrayOutputStream pending, ByteBuffer chunk)
            throws IOException {
        while (chunk.hasRemaining()) {
            byte next = chunk.get();
            pending.write(next);
            if (pending.size() > MAX_RESIZE) {
                throw new IOException("a window size of over " + MAX_RESIZE + " bytes");
            }
            if (next == '}') {
                apply(session, pending.toByteArray());
                pending.reset();
            }
        }
    }

    private static void apply(ProcessSession session, byte[] message) throws IOException {
        try {
            JsonNode size = JSON.readTree(message);
            int columns = size.path("Width").asInt(0);
            int rows = size.path("Height").asInt(0);
            if (columns > 0 && rows > 0 && columns <= MAX_CELLS && rows <= MAX_CELLS) {
                session.resize(rows, columns);
            }
        } catch (JacksonException malformed) {
            throw new IOException("window size is not JSON", malformed);
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    /// Which channels a request has.
    static Streams streamsOf(StreamRequest request) {
        return switch (request) {
            case StreamRequest.Exec exec -> exec.streams();
            case StreamRequest.Attach attach -> attach.streams();
            case StreamRequest.PortForward _ -> new Streams(false, false, false, false);
        };
    }
}
