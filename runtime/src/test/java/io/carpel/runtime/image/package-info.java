@NullMarked
package io.carpel.runtime.image;

import org.jspecify.annotations.NullMarked;
