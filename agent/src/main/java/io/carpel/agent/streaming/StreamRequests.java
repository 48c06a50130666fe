package io.carpel.agent.streaming;

import io.carpel.agent.cri.StreamUrls;
import io.carpel.agent.pod.Containers;
import io.carpel.agent.pod.Prefixes;
import io.carpel.agent.pod.Sandboxes;
import io.carpel.agent.streaming.StreamRequest.Streams;
import io.carpel.agent.translate.ContainerTranslator;
import io.carpel.cri.AttachRequest;
import io.carpel.cri.ExecRequest;
import io.carpel.cri.PortForwardRequest;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import java.util.List;

/// Checks the three streaming calls and hands out their URLs.
public final class StreamRequests implements StreamUrls {
    private static final int MAX_PORT = 65535;

    /// As many as one client's connection may have channels for, by far.
    private static final int MAX_PORTS = 1024;

    private final Sandboxes sandboxes;
    private final Containers containers;
    private final StreamingServer server;

    public StreamRequests(Sandboxes sandboxes, Containers containers, StreamingServer server) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.server = server;
    }

    @Override
    public String exec(ExecRequest request) {
        List<String> command = ContainerTranslator.command(request.getCmdList());
        Container container = running(request.getContainerId());
        return server.urlFor(
                new StreamRequest.Exec(
                        container.id(),
                        command,
                        new Streams(
                                request.getStdin(),
                                request.getStdout(),
                                request.getStderr(),
                                request.getTty())));
    }

    /// The streams are those the client will open; what the container does not have stays silent.
    @Override
    public String attach(AttachRequest request) {
        Container container = running(request.getContainerId());
        return server.urlFor(
                new StreamRequest.Attach(
                        container.id(),
                        container.spec().process().stdin(),
                        new Streams(
                                request.getStdin(),
                                request.getStdout(),
                                request.getStderr(),
                                request.getTty())));
    }

    @Override
    public String portForward(PortForwardRequest request) {
        if (request.getPortCount() > MAX_PORTS) {
            throw new InvalidArgumentException(
                    "port has %d items, at most %d are accepted"
                            .formatted(request.getPortCount(), MAX_PORTS));
        }
        for (int port : request.getPortList()) {
            if (port < 1 || port > MAX_PORT) {
                throw new InvalidArgumentException("port '%d' is not in 1…65535".formatted(port));
            }
        }
        Sandbox sandbox = Prefixes.sandbox(sandboxes, request.getPodSandboxId());
        if (!sandbox.isReady()) {
            throw new FailedPreconditionException(
                    "sandbox %s is not ready".formatted(sandbox.id()));
        }
        return server.urlFor(new StreamRequest.PortForward(sandbox.id(), request.getPortList()));
    }

    private Container running(String id) {
        Container container = Prefixes.container(containers, id);
        if (!(container.state() instanceof ContainerState.Running)) {
            throw new FailedPreconditionException(
                    "container %s is not running".formatted(container.id()));
        }
        return container;
    }
}
