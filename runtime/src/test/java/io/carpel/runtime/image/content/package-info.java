@NullMarked
package io.carpel.runtime.image.content;

import org.jspecify.annotations.NullMarked;
