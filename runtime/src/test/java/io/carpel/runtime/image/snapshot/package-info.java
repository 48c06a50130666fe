@NullMarked
package io.carpel.runtime.image.snapshot;

import org.jspecify.annotations.NullMarked;
