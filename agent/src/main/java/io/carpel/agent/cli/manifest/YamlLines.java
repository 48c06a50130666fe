package io.carpel.agent.cli.manifest;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// On which line each field of a YAML text stands, by its path.
final class YamlLines {
    private final Map<String, Integer> lines = new HashMap<>();
    private final Deque<Level> open = new ArrayDeque<>();
    private String field = "";

    /// A mapping or sequence that is being read; a sequence counts its elements.
    private static final class Level {
        final String path;
        final boolean list;
        int next;

        Level(String path, boolean list) {
            this.path = path;
            this.list = list;
        }
    }

    /// Reads all tokens of the parser.
    YamlLines(JsonParser parser) {
        JsonToken token = parser.nextToken();
        while (token != null) {
            int line = parser.currentTokenLocation().getLineNr();
            switch (token) {
                case PROPERTY_NAME -> {
                    field = parser.currentName();
                    lines.putIfAbsent(join(field), line);
                }
                case START_OBJECT -> enter(line, false);
                case START_ARRAY -> enter(line, true);
                case END_OBJECT, END_ARRAY -> open.pop();
                default -> here(line);
            }
            token = parser.nextToken();
        }
    }

    /// The line of a path, or of the nearest part of it that is known.
    int of(String path) {
        String at = path;
        while (!at.isEmpty()) {
            Integer line = lines.get(at);
            if (line != null) {
                return line;
            }
            int end = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
            at = end < 0 ? "" : at.substring(0, end);
        }
        return 1;
    }

    private void enter(int line, boolean list) {
        open.push(new Level(here(line), list));
    }

    private String here(int line) {
        Level level = open.peek();
        String path =
                level == null
                        ? ""
                        : level.list ? level.path + "[" + level.next++ + "]" : join(field);
        lines.putIfAbsent(path, line);
        return path;
    }

    private String join(String name) {
        Level level = open.peek();
        return level == null || level.path.isEmpty() ? name : level.path + "." + name;
    }
}
