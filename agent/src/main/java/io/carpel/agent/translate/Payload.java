package io.carpel.agent.translate;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.UpdatePodSandboxResourcesRequest;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.Bytes;
import java.util.Optional;

/// The CRI configuration that a spec carries along: what the caller said, byte for byte.
public final class Payload {
    private Payload() {}

    public static PodSandboxConfig of(Sandbox sandbox) {
        return parse(PodSandboxConfig.parser(), sandbox.spec().payload(), "sandbox", sandbox.id());
    }

    public static ContainerConfig of(Container container) {
        return parse(
                ContainerConfig.parser(), container.spec().payload(), "container", container.id());
    }

    /// What the kubelet last said about the pod's resources, if it ever did.
    public static Optional<UpdatePodSandboxResourcesRequest> resized(Sandbox sandbox) {
        return sandbox.note()
                .map(note ->
                        parse(
                                UpdatePodSandboxResourcesRequest.parser(),
                                note,
                                "sandbox",
                                sandbox.id()));
    }

    private static <T> T parse(Parser<T> parser, Bytes payload, String kind, String id) {
        try {
            return parser.parseFrom(payload.toArray());
        } catch (InvalidProtocolBufferException e) {
            // Only we write payloads, so the record was changed by somebody else.
            throw new KernelFaultException(
                    "the stored configuration of %s %s is not readable".formatted(kind, id), e);
        }
    }
}
