package io.carpel.agent.streaming;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.util.LinkedHashSet;
import java.util.Set;

/// Connections whose client has asked for nothing yet. Whoever reaches the port can open them, a
/// pod with the host's network among others, and so there are only so many: the oldest goes, since
/// a client with a token asks at once. The event loop's own, of which the server has one.
final class WaitingClients {
    static final int MAX = 512;

    private final Set<Channel> waiting = new LinkedHashSet<>();

    void add(Channel client) {
        if (waiting.size() >= MAX) {
            Channel oldest = waiting.iterator().next();
            waiting.remove(oldest);
            Future<?> _ = oldest.close();
        }
        waiting.add(client);
    }

    void remove(Channel client) {
        waiting.remove(client);
    }
}
