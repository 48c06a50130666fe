package io.carpel.agent.config;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// Remembers on which line of a TOML text each table and key begins, since the parser's tree does
/// not. Works on text that the parser has already accepted.
final class TomlLines {
    private static final Pattern TABLE = Pattern.compile("\\s*\\[+\\s*([^\\]]+?)\\s*\\]+.*");
    private static final Pattern KEY =
            Pattern.compile("\\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'|\\s*\\.\\s*)+?)\\s*=(.*)");

    private final Map<String, Integer> lines = new HashMap<>();
    private String table = "";

    /// What a value that goes on over several lines still waits for; empty between statements.
    private String open = "";

    private int depth;

    TomlLines(String text) {
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (!open.isEmpty() || depth > 0) {
                scan(line);
            } else {
                statement(line, number);
            }
        }
    }

    /// The line of a dotted key or table. What stands in an inline table has that one's line; 1
    /// when nothing is known.
    int of(String key) {
        String name = key;
        while (!lines.containsKey(name) && name.indexOf('.') >= 0) {
            name = name.substring(0, name.lastIndexOf('.'));
        }
        return lines.getOrDefault(name, 1);
    }

    private void statement(String line, int number) {
        var header = TABLE.matcher(line);
        if (header.matches()) {
            table = bare(header.group(1));
            lines.putIfAbsent(table, number);
            return;
        }
        var key = KEY.matcher(line);
        if (key.matches()) {
            String name = bare(key.group(1));
            lines.putIfAbsent(table.isEmpty() ? name : table + "." + name, number);
            scan(key.group(2));
        }
    }

    private static String bare(String key) {
        return key.replaceAll("\\s*\\.\\s*", ".").replaceAll("[\"']", "").strip();
    }

    /// Follows strings and brackets of a value, so that text within it is not taken for a key.
    private void scan(String line) {
        int at = 0;
        while (at < line.length()) {
            if (!open.isEmpty()) {
                int end = line.indexOf(open, at);
                if (end < 0) {
                    return;
                }
                at = end + open.length();
                open = "";
                continue;
            }
            char c = line.charAt(at);
            if (c == '#') {
                return;
            }
            if (c == '"' || c == '\'') {
                at = string(line, at, c);
                continue;
            }
            depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
            at++;
        }
    }

    private int string(String line, int at, char quote) {
        String triple = String.valueOf(quote).repeat(3);
        if (line.startsWith(triple, at)) {
            open = triple;
            return at + 3;
        }
        int end = at + 1;
        while (end < line.length() && line.charAt(end) != quote) {
            end += quote == '"' && line.charAt(end) == '\\' ? 2 : 1;
        }
        return end + 1;
    }
}
