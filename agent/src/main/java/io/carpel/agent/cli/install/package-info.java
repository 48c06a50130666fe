/// Puts a distribution on a host and takes it away again: the work behind `carpel node install` and
/// `carpel node uninstall`.
///
/// [NodeInstall] does it in steps that can each be done twice, and keeps an [InstallJournal] on the
/// host's disk, so that whoever comes after a crash goes on where the last one was; a step that
/// fails has everything undone. [Releases] are the distributions below the host's `/opt`,
/// [HostChange] is a file of its configuration. What is outside is behind interfaces: [HostService]
/// starts the agent, [NewAgent] is the agent that answers then, and the API server's view of the
/// node is next door, in `node`, with which this shares the file formats of the disk. [NodeReport]
/// tells the cluster, and [NodeWatch] looks after the agent from then on.
///
/// The order: unpack the new release beside the old, then switch the link `/opt/carpel` and write
/// configuration and unit, restart the service, wait for its answer, run a pod, label the node.
@NullMarked
package io.carpel.agent.cli.install;

import org.jspecify.annotations.NullMarked;
