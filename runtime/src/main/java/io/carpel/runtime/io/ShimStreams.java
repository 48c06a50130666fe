package io.carpel.runtime.io;

import io.carpel.runtime.launch.AttachSession;
import io.carpel.runtime.launch.ExecSession;
import io.carpel.runtime.launch.ExitRecord;
import io.carpel.runtime.launch.LiveStreams;
import io.carpel.runtime.launch.ShimConnection;
import java.nio.ByteBuffer;
import java.util.function.ToIntFunction;

/// [ProcessSession] with a container's shim.
public final class ShimStreams implements ProcessSession {
    private final LiveStreams streams;
    private final ToIntFunction<Output> end;
    private final Terminal terminal;

    @FunctionalInterface
    private interface Terminal {
        void resize(int rows, int columns);
    }

    private ShimStreams(LiveStreams streams, ToIntFunction<Output> end, Terminal terminal) {
        this.streams = streams;
        this.end = end;
        this.terminal = terminal;
    }

    /// Of a command run in a container.
    public static ShimStreams of(ExecSession command) {
        return new ShimStreams(
                command, output -> command.await(output).exitCode(), command::resize);
    }

    /// Of a container's own process, from now on.
    public static ShimStreams of(ShimConnection shim, AttachSession client) {
        return new ShimStreams(
                client,
                output -> {
                    client.await(output);
                    return shim.exited().map(ExitRecord::exitCode).orElse(0);
                },
                shim::resize);
    }

    @Override
    public int await(Output output) {
        return end.applyAsInt(output);
    }

    @Override
    public void write(ByteBuffer data) {
        streams.write(data);
    }

    @Override
    public void closeStdin() {
        streams.closeStdin();
    }

    @Override
    public void resize(int rows, int columns) {
        terminal.resize(rows, columns);
    }

    @Override
    public void close() {
        streams.close();
    }
}
