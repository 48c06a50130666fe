/// The gRPC side of CRI: the two services, the server on its unix socket, and what all calls share.
///
/// A method of a service unpacks the request, makes one call and answers; it has no logic and
/// catches nothing. [io.carpel.agent.cri.CallInterceptor] runs around every call: it refuses calls
/// until the runtime has recovered, turns failures into gRPC statuses by
/// [io.carpel.agent.cri.StatusMapper] and writes one line about each call.
///
/// Calls run on a virtual thread each and block. The event loop threads only move bytes.
@NullMarked
package io.carpel.agent.cri;

import org.jspecify.annotations.NullMarked;
