package io.carpel.runtime.image.registry;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What a registry wants to see before it answers, from `WWW-Authenticate`.
///
/// @param scheme in lower case: `basic` or `bearer`
record Challenge(String scheme, Map<String, String> parameters) {
    private static final int LIMIT = 8192;

    /// The first challenge that can be met, bearer before basic.
    static Optional<Challenge> best(List<String> headers) {
        Optional<Challenge> best = Optional.empty();
        for (String header : headers) {
            if (header.length() > LIMIT) {
                continue;
            }
            Challenge challenge = parse(header);
            boolean bearer = challenge.scheme().equals("bearer");
            if (bearer || (challenge.scheme().equals("basic") && best.isEmpty())) {
                best = Optional.of(challenge);
            }
        }
        return best;
    }

    private static Challenge parse(String header) {
        String text = header.strip();
        int space = text.indexOf(' ');
        if (space < 0) {
            return new Challenge(text.toLowerCase(Locale.ROOT), Map.of());
        }
        Map<String, String> parameters = new HashMap<>();
        int at = space + 1;
        while (at < text.length()) {
            int equals = text.indexOf('=', at);
            if (equals < 0) {
                break;
            }
            String key = text.substring(at, equals).strip().toLowerCase(Locale.ROOT);
            StringBuilder value = new StringBuilder();
            at = value(text, equals + 1, value);
            parameters.put(key, value.toString());
            while (at < text.length() && (text.charAt(at) == ',' || text.charAt(at) == ' ')) {
                at++;
            }
        }
        return new Challenge(
                text.substring(0, space).toLowerCase(Locale.ROOT), Map.copyOf(parameters));
    }

    /// Reads a token or a quoted string and returns where it ends.
    private static int value(String text, int from, StringBuilder value) {
        int at = from;
        if (at < text.length() && text.charAt(at) == '"') {
            at++;
            while (at < text.length() && text.charAt(at) != '"') {
                if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                    at++;
                }
                value.append(text.charAt(at++));
            }
            return at + 1;
        }
        while (at < text.length() && text.charAt(at) != ',') {
            value.append(text.charAt(at++));
        }
        return at;
    }

    String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }
}
