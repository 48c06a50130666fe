package io.carpel.agent.cri;

import io.carpel.cri.AttachRequest;
import io.carpel.cri.ExecRequest;
import io.carpel.cri.PortForwardRequest;
import io.carpel.runtime.error.UnsupportedException;

/// Where clients carry streams of a pod to; the seam to the streaming server.
///
/// Each method checks the request and returns an absolute URL for one use.
public interface StreamUrls {
    String exec(ExecRequest request);

    String attach(AttachRequest request);

    String portForward(PortForwardRequest request);

    /// No streaming server runs: every request is refused.
    StreamUrls NONE =
            new StreamUrls() {
                @Override
                public String exec(ExecRequest request) {
                    throw refused("Exec");
                }

                @Override
                public String attach(AttachRequest request) {
                    throw refused("Attach");
                }

                @Override
                public String portForward(PortForwardRequest request) {
                    throw refused("PortForward");
                }

                private UnsupportedException refused(String call) {
                    return new UnsupportedException(
                            call + ": this version has no streaming server yet");
                }
            };
}
