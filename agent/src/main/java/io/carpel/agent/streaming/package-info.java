/// Exec, attach and port-forward over upgraded HTTP connections.
///
/// An RPC leaves its request in [StreamTokens] and answers with a URL; the client presents the
/// token once to [StreamingServer]. [UpgradeHandler] turns the HTTP connection into a
/// [StreamConnection] spoken by [SpdyChannels] (SPDY/3.1) or [WebSocketChannels]; both offer the
/// same [StreamChannel]s, so [RemoteCommandHandler] and [PortForwardHandler] know neither. What
/// runs behind them is reached through [StreamBackend].
///
/// Threads: Netty's event loop parses and queues; everything that can wait runs on virtual threads.
/// Bounds: a connection holds at most [StreamMemory#window] bytes that nobody has consumed (then it
/// stops reading from the peer) and a writer waits while the peer does not read, so a slow client
/// slows its own connection and nothing else; [StreamMemory] bounds what all of them hold together.
///
/// A command whose client has vanished is killed with everything that it started; an attached
/// container goes on.
@NullMarked
package io.carpel.agent.streaming;

import org.jspecify.annotations.NullMarked;
