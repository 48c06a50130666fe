/// Images: names, what is present, pulling, importing, exporting, removing.
///
/// An image is *present* when its entry stands in the layout's `index.json`; everything it needs
/// was synced to disk before. `ImageStore` is the only writer of that entry. Rooms inside:
/// `registry` talks to registries and knows nothing of what is kept; `content` is the OCI image
/// layout; `snapshot` turns layer archives into directories. None of the three uses this package.
/// Callers are the container manager (find, lease, accounts) and the agent (pull, list, remove).
@NullMarked
package io.carpel.runtime.image;

import org.jspecify.annotations.NullMarked;
