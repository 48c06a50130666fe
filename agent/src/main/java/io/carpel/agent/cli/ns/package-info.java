/// Who shares which namespace: [ProcReader] reads procfs, [NamespaceView] puts it beside what the
/// agent says about pods, [NamespaceText] prints it.
@NullMarked
package io.carpel.agent.cli.ns;

import org.jspecify.annotations.NullMarked;
