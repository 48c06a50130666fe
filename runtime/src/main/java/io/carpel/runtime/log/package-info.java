/// Where a container's output is logged. The writing is done by the shim.
@NullMarked
package io.carpel.runtime.log;

import org.jspecify.annotations.NullMarked;
