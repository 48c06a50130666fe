package io.carpel.agent.cli.manifest;

import java.util.Map;

/// The `$(NAME)` of Kubernetes in commands, arguments and variables: a known name is replaced, an
/// unknown one stays as it is, `$$(NAME)` is the text `$(NAME)`.
final class Expansion {
    private Expansion() {}

    static String expand(String text, Map<String, String> variables) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean more = c == '$' && at + 1 < text.length();
            if (more && text.charAt(at + 1) == '$') {
                out.append('$');
                at += 2;
                continue;
            }
            int end = more && text.charAt(at + 1) == '(' ? text.indexOf(')', at) : -1;
            if (end > 0) {
                String name = text.substring(at + 2, end);
                out.append(variables.getOrDefault(name, text.substring(at, end + 1)));
                at = end + 1;
                continue;
            }
            out.append(c);
            at++;
        }
        return out.toString();
    }
}
