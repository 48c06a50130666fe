package io.carpel.runtime.security;

import java.util.Optional;

/// The labels that a policy means for containers: what its file `lxc_contexts` says.
///
/// @param process of their processes
/// @param file of their files
public record ContainerContexts(SelinuxContext process, SelinuxContext file) {
    /// For a policy that says nothing: the names that all of them have.
    static final ContainerContexts USUAL =
            new ContainerContexts(
                    new SelinuxContext("system_u", "system_r", "container_t", "s0"),
                    new SelinuxContext("system_u", "object_r", "container_file_t", "s0"));

    /// Lines of `key = "label"`, in any order, with comments; of a key that is there twice the last
    /// one counts. What is missing or cannot be a label is as usual.
    static ContainerContexts parse(String text) {
        ContainerContexts found = USUAL;
        for (String line : text.lines().map(String::strip).toList()) {
            int equals = line.indexOf('=');
            if (equals < 0 || line.startsWith("#") || line.startsWith(";")) {
                continue;
            }
            Optional<SelinuxContext> context =
                    SelinuxContext.parse(unquoted(line.substring(equals + 1).strip()));
            String key = line.substring(0, equals).strip();
            if (context.isPresent() && key.equals("process")) {
                found = new ContainerContexts(context.get(), found.file);
            } else if (context.isPresent() && key.equals("file")) {
                found = new ContainerContexts(found.process, context.get());
            }
        }
        return found;
    }

    private static String unquoted(String value) {
        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1) : value;
    }
}
