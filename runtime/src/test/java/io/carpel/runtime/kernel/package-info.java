/// Whole pods on the real kernel, through [io.carpel.runtime.ContainerRuntime], as root.
@NullMarked
package io.carpel.runtime.kernel;

import org.jspecify.annotations.NullMarked;
