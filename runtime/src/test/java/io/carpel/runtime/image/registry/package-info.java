@NullMarked
package io.carpel.runtime.image.registry;

import org.jspecify.annotations.NullMarked;
