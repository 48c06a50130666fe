package io.carpel.agent.streaming;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;

/// Lets nothing be read from a connection that is paused.
///
/// Decoders ask for more when what has come made no message, so that a channel that is read on
/// demand does not stand still. Netty's SPDY codec hands its frames on in a way that its own base
/// class does not notice, and so asks after each of them: a connection that is told to pause would
/// be read all the same, until the memory is used up. What [StreamConnection] has paused it reads
/// again itself, once there is room.
final class PausedReads extends ChannelOutboundHandlerAdapter {
    @Override
    public void read(ChannelHandlerContext context) {
        if (context.channel().config().isAutoRead()) {
            context.read();
        }
    }
}
