package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.pod.FakeContainers;
import io.carpel.agent.pod.FakeSandboxes;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.AttachRequest;
import io.carpel.cri.ExecRequest;
import io.carpel.cri.PortForwardRequest;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class StreamRequestsTest {
    private final FakeSandboxes sandboxes = new FakeSandboxes();
    private final FakeContainers containers = new FakeContainers();
    private final StreamingServer server =
            StreamingServer.start(StreamingConfig.of(AgentConfig.defaults()), new FakeBackend());
    private final StreamRequests requests = new StreamRequests(sandboxes, containers, server);

    @AfterEach
    void stop() {
        server.close();
    }

    private static ExecRequest.Builder exec(String id) {
        return ExecRequest.newBuilder().setContainerId(id).addCmd("true").setStdout(true);
    }

    private void start() {
        sandboxes.run(
                Requests.sandboxes().toSpec(Requests.SANDBOX_ID, Requests.sandbox().build(), ""));
        containers.create(
                Requests.spec(Requests.container(), Requests.snapshot(Requests.sandbox())));
        containers.start(Requests.CONTAINER_ID);
    }

    @Test
    void idsMayBeCutShort() {
        start();
        assertThat(requests.exec(exec("ccc").build())).startsWith("http://127.0.0.1:");
        assertThat(
                        requests.attach(
                                AttachRequest.newBuilder()
                                        .setContainerId("cccc")
                                        .setStdout(true)
                                        .build()))
                .contains("/attach/");
        assertThat(
                        requests.portForward(
                                PortForwardRequest.newBuilder().setPodSandboxId("555").build()))
                .contains("/portforward/");
    }

    @Test
    void anEmptyIdIsNoIdAtAll() {
        start();
        assertThatThrownBy(() -> requests.exec(exec("").build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("container_id is empty");
        assertThatThrownBy(() -> requests.attach(AttachRequest.getDefaultInstance()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("container_id is empty");
        assertThatThrownBy(() -> requests.portForward(PortForwardRequest.getDefaultInstance()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("pod_sandbox_id is empty");
    }

    @Test
    void anUnknownIdIsShownWithoutWhatCannotBePrinted() {
        assertThatThrownBy(() -> requests.exec(exec("x\ny").build()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageNotContaining("\n")
                .hasMessageContaining("x");
        assertThatThrownBy(() ->
                        requests.portForward(
                                PortForwardRequest.newBuilder().setPodSandboxId("x\ny").build()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aCommandHasAProgram() {
        start();
        assertThatThrownBy(() -> requests.exec(exec("ccc").clearCmd().build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("cmd is empty");
        assertThatThrownBy(() -> requests.exec(exec("ccc").setCmd(0, "").build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("cmd[0] is empty");
    }

    /// They are held until the client comes, a thousand requests of them.
    @Test
    void portsAreFewAndReal() {
        start();
        PortForwardRequest.Builder request = PortForwardRequest.newBuilder().setPodSandboxId("555");
        assertThatThrownBy(() ->
                        requests.portForward(
                                request.addAllPort(Collections.nCopies(1_000_000, 80)).build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("port has 1000000 items");
        assertThatThrownBy(() -> requests.portForward(request.clearPort().addPort(0).build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("port '0'");
    }

    @Test
    void onlyWhatRunsHasStreams() {
        start();
        sandboxes.stop(Requests.SANDBOX_ID);
        assertThatThrownBy(() ->
                        requests.portForward(
                                PortForwardRequest.newBuilder().setPodSandboxId("555").build()))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(Requests.SANDBOX_ID);
        containers.remove(Requests.CONTAINER_ID);
        assertThatThrownBy(() -> requests.exec(exec("ccc").build()))
                .isInstanceOf(NotFoundException.class);
    }
}
