/// What our own command line can ask of the agent and CRI has no words for: images with progress,
/// archives in and out.
///
/// [ControlProtocol] holds the service `carpel.v1.Images`, gRPC with JSON messages on the CRI
/// socket. Who may open the socket may use it. [ImageControl] answers; the client is in `cli`.
@NullMarked
package io.carpel.agent.control;

import org.jspecify.annotations.NullMarked;
