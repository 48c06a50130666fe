/// The command line: one small class per verb, put together by [CarpelCommand].
///
/// Results go to standard output, progress and errors to standard error; a failure is one line that
/// begins with `carpel:` and never a stack trace. All verbs but `serve` and `node` are clients of
/// the CRI socket: they need no more than the right to open it.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 125 when `run` could not run the pod (any other
/// code of `run` is the container's).
@NullMarked
package io.carpel.agent.cli;

import org.jspecify.annotations.NullMarked;
