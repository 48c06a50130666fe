/// Moves a node's kubelet to another runtime and back: the work behind `carpel node`.
///
/// [NodeSwitch] does it in steps, each of which can be done twice, and keeps a [SwitchJournal] on
/// the node's disk: whoever comes after a crash goes on where the last one was. [KubeletFiles]
/// knows where a kubelet is told its runtime. What is outside is behind three small interfaces:
/// [NodeApi] is the API server's view of the node, [KubeletService] stops and starts the kubelet,
/// [PodRuntime] is a runtime that answers on a CRI socket.
///
/// The order: cordon, drain, stop the kubelet, stop what the old runtime still runs (pods of daemon
/// sets and static pods would otherwise live on without a kubelet and hold their ports), write the
/// new endpoint, start the kubelet, wait until the node is Ready under the new runtime, uncordon.
/// When a step fails or takes too long everything is undone in reverse.
@NullMarked
package io.carpel.agent.cli.node;

import org.jspecify.annotations.NullMarked;
