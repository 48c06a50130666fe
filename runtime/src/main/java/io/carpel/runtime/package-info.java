/// The runtime as a whole: configuration in, [io.carpel.runtime.ContainerRuntime] out.
///
/// Opening it wires the rooms together by constructor, recovers what an earlier process left, and
/// only then hands out the managers.
@NullMarked
package io.carpel.runtime;

import org.jspecify.annotations.NullMarked;
