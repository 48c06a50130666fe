/// Layer archives as directories: unpacked by descriptors only, one directory for each layer.
@NullMarked
package io.carpel.runtime.image.snapshot;

import org.jspecify.annotations.NullMarked;
