/// What our own command line can ask of the agent and CRI has no words for: images with progress,
/// archives in and out, what is being done at this moment.
///
/// [ControlProtocol] holds the service `carpel.v1.Images` and [WorkProtocol] `carpel.v1.Work`, gRPC
/// with JSON messages on the CRI socket. Who may open the socket may use them. [ImageControl] and
/// [WorkControl] answer; the client is in `cli`.
@NullMarked
package io.carpel.agent.control;

import org.jspecify.annotations.NullMarked;
