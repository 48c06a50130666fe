/// What containers and sandboxes use, as plain numbers.
@NullMarked
package io.carpel.runtime.stats;

import org.jspecify.annotations.NullMarked;
