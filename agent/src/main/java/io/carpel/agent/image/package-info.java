/// Images in CRI's terms: references, credentials and answers, on top of `runtime.image`.
@NullMarked
package io.carpel.agent.image;

import org.jspecify.annotations.NullMarked;
