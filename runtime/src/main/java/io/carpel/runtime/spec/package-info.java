/// The language in which callers say what they want: immutable records, validated when made.
///
/// No Kubernetes word occurs here. Absent values are `Optional` or empty collections, never null.
/// Records are written to disk as JSON, so a component is added with a default and never renamed.
@NullMarked
package io.carpel.runtime.spec;

import org.jspecify.annotations.NullMarked;
