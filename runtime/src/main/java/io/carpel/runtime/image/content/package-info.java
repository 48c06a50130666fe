/// The OCI image layout on disk: blobs by digest and the index that names what is present.
@NullMarked
package io.carpel.runtime.image.content;

import org.jspecify.annotations.NullMarked;
