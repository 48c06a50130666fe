package io.carpel.agent.streaming;

import java.util.List;
import java.util.Optional;

/// The remote-command subprotocols of Kubernetes, by what matters here.
///
/// @param name as negotiated
/// @param version 1…5
/// @param base64 WebSocket only: text frames, the channel as a digit and the content in base64
record ChannelProtocol(String name, int version, boolean base64) {
    private static final List<ChannelProtocol> WEBSOCKET =
            List.of(
                    new ChannelProtocol("v5.channel.k8s.io", 5, false),
                    new ChannelProtocol("v4.channel.k8s.io", 4, false),
                    new ChannelProtocol("v4.base64.channel.k8s.io", 4, true),
                    new ChannelProtocol("channel.k8s.io", 1, false),
                    new ChannelProtocol("base64.channel.k8s.io", 1, true));

    private static final List<ChannelProtocol> SPDY =
            List.of(
                    new ChannelProtocol("v4.channel.k8s.io", 4, false),
                    new ChannelProtocol("v3.channel.k8s.io", 3, false),
                    new ChannelProtocol("v2.channel.k8s.io", 2, false),
                    new ChannelProtocol("channel.k8s.io", 1, false));

    /// The best of what a SPDY client offers; a client that offers nothing speaks the first
    /// version.
    static Optional<ChannelProtocol> forSpdy(List<String> offered) {
        return offered.isEmpty() ? Optional.of(SPDY.getLast()) : best(SPDY, offered);
    }

    /// The best of what a WebSocket client offers; a client that offers nothing gets binary
    /// channels.
    static Optional<ChannelProtocol> forWebSocket(List<String> offered) {
        return offered.isEmpty()
                ? Optional.of(new ChannelProtocol("", 1, false))
                : best(WEBSOCKET, offered);
    }

    private static Optional<ChannelProtocol> best(
            List<ChannelProtocol> known, List<String> offered) {
        return known.stream().filter(protocol -> offered.contains(protocol.name())).findFirst();
    }

    static List<String> spdyNames() {
        return SPDY.stream().map(ChannelProtocol::name).toList();
    }

    /// Whether a terminal's size can be told.
    boolean resizes() {
        return version >= 3;
    }

    /// Whether the error stream carries a status object instead of plain text.
    boolean structuredStatus() {
        return version >= 4;
    }

    /// Whether a client can end a single channel of a WebSocket.
    boolean closesChannels() {
        return version >= 5;
    }
}
