package io.carpel.agent.cli;

import io.carpel.agent.control.ControlProtocol;
import io.carpel.agent.control.ControlProtocol.Kind;
import io.carpel.agent.control.ControlProtocol.Step;
import io.carpel.cri.Image;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.ImageStatusRequest;
import io.carpel.cri.PullImageRequest;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// Images through the agent, with progress on standard error.
final class ImageFetcher {
    private static final Duration DEADLINE = Duration.ofMinutes(1);

    private final CriClient client;
    private final PrintWriter err;
    private final boolean quiet;

    ImageFetcher(CriClient client, PrintWriter err, boolean quiet) {
        this.client = client;
        this.err = err;
        this.quiet = quiet;
    }

    /// The image, when it is here.
    Optional<Image> find(String reference) {
        var answer =
                client.images(DEADLINE)
                        .imageStatus(
                                ImageStatusRequest.newBuilder()
                                        .setImage(ImageSpec.newBuilder().setImage(reference))
                                        .build());
        return answer.hasImage() ? Optional.of(answer.getImage()) : Optional.empty();
    }

    /// Pulls; an agent that only speaks CRI does it without progress.
    Image pull(String reference) {
        try {
            call("pulling " + reference, ControlProtocol.PULL, new ControlProtocol.Pull(reference));
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.UNIMPLEMENTED) {
                throw e;
            }
            client.images()
                    .pullImage(
                            PullImageRequest.newBuilder()
                                    .setImage(ImageSpec.newBuilder().setImage(reference))
                                    .build());
        }
        return find(reference)
                .orElseThrow(() -> new CliException("image " + reference + " is gone again"));
    }

    /// Makes a call of our own service and shows its steps.
    ///
    /// @return the results
    <T> List<Step> call(String title, MethodDescriptor<T, Step> method, T request) {
        ProgressBar bar = new ProgressBar(err, Terminal.showsErrors(), title);
        List<Step> results = new ArrayList<>();
        try {
            Iterator<Step> events =
                    ClientCalls.blockingServerStreamingCall(
                            client.channel(), method, CallOptions.DEFAULT, request);
            while (events.hasNext()) {
                Step event = events.next();
                if (event.kind() == Kind.RESULT) {
                    results.add(event);
                } else if (!quiet) {
                    bar.on(event);
                }
            }
        } finally {
            bar.clear();
        }
        return results;
    }
}
