package io.carpel.agent.streaming;

import java.util.List;

/// What a token stands for.
public sealed interface StreamRequest {
    /// First element of the URL's path.
    String verb();

    /// Characters that are held until the client comes, beside what every request has.
    default long length() {
        return 0;
    }

    /// Which of the standard streams the client wants.
    record Streams(boolean stdin, boolean stdout, boolean stderr, boolean tty) {}

    /// Run a command.
    record Exec(String containerId, List<String> command, Streams streams)
            implements StreamRequest {
        public Exec {
            command = List.copyOf(command);
        }

        @Override
        public String verb() {
            return "exec";
        }

        @Override
        public long length() {
            return command.stream().mapToLong(String::length).sum();
        }
    }

    /// Join the streams of a running container.
    ///
    /// @param reads whether the container has a standard input to be fed
    record Attach(String containerId, boolean reads, Streams streams) implements StreamRequest {
        @Override
        public String verb() {
            return "attach";
        }
    }

    /// Carry connections to ports of a sandbox.
    ///
    /// @param ports for clients that name none themselves; usually empty
    record PortForward(String sandboxId, List<Integer> ports) implements StreamRequest {
        public PortForward {
            ports = List.copyOf(ports);
        }

        @Override
        public String verb() {
            return "portforward";
        }
    }
}
