package io.carpel.runtime.sandbox;

import io.carpel.runtime.namespace.PodNamespaces;
import io.carpel.runtime.network.PodNetwork;
import io.carpel.runtime.security.SelinuxLabel;

/// The parts of the host's side that sandboxes are made with.
///
/// @param namespaces makes and pins namespaces
public record SandboxKernel(PodNamespaces namespaces, PodNetwork network, SelinuxLabel selinux) {}
