package io.carpel.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The table of security properties, held against the tests that have their numbers in their names:
/// a property without a test, a test without a property, and a wrong place all fail.
final class SecurityListTest {
    private static final Path LIST = Path.of("../deploy/docs/security.md");
    private static final List<Path> TESTS =
            List.of(
                    Path.of("src/test/java"),
                    Path.of("../runtime/src/test/java"),
                    Path.of("../deploy/blackbox"));

    private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d\\d) \\|.*\\| ([^|]+) \\|$");
    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

    /// A class, a method or a test of bats whose name begins with a number.
    private static final Pattern NUMBERED =
            Pattern.compile(
                    "(?m)^(?:final )?class SecurityProperty(\\d\\d)\\w+(?:Test|IT) "
                            + "|^    @Test\\n    void property(\\d\\d)[A-Z]"
                            + "|^@test \"(\\d\\d) ");

    @Test
    void everyPropertyHasTheTestsThatTheListNames() throws IOException {
        Map<String, Set<String>> listed = listed();
        assertThat(listed.keySet())
                .as("numbers from 01 on, without a gap")
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, listed.size())
                                .mapToObj("%02d"::formatted)
                                .toList());
        assertThat(tested()).isEqualTo(listed);
    }

    private static Map<String, Set<String>> listed() throws IOException {
        return ROW.matcher(Files.readString(LIST))
                .results()
                .collect(
                        Collectors.toMap(
                                row -> row.group(1),
                                row -> files(row.group(2)),
                                (one, other) -> {
                                    throw new AssertionError(
                                            "one number for two: " + one + ", " + other);
                                },
                                TreeMap::new));
    }

    private static Set<String> files(String cell) {
        return QUOTED.matcher(cell)
                .results()
                .map(name -> name.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Map<String, Set<String>> tested() {
        Map<String, Set<String>> found = new TreeMap<>();
        for (Path directory : TESTS) {
            for (Path file : below(directory)) {
                String name = file.getFileName().toString().replaceFirst("\\.java$", "");
                numbers(file)
                        .forEach(number ->
                                found.computeIfAbsent(number, _ -> new TreeSet<>()).add(name));
            }
        }
        return found;
    }

    private static List<Path> below(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().matches(".*\\.(java|bats)")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<String> numbers(Path file) {
        try {
            return NUMBERED.matcher(Files.readString(file)).results().map(SecurityListTest::number);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String number(MatchResult found) {
        return Stream.of(1, 2, 3)
                .map(group -> String.valueOf(found.group(group)))
                .filter(text -> !text.equals("null"))
                .findFirst()
                .orElseThrow();
    }
}
