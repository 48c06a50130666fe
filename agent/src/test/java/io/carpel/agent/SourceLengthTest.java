package io.carpel.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/// No file and no method of any module grows beyond what can be read in one go.
final class SourceLengthTest {
    private static final int LONGEST_JAVA_FILE = 500;
    private static final int LONGEST_C_FILE = 400;
    private static final int LONGEST_METHOD = 60;

    private static final List<Path> MODULES =
            List.of(Path.of("../cri-proto"), Path.of("../runtime"), Path.of("."));

    @Test
    void filesAreShort() {
        assertThat(sources(".java")).isNotEmpty();
        assertThat(longerThan(sources(".java"), LONGEST_JAVA_FILE)).isEmpty();
        assertThat(longerThan(sources(".c"), LONGEST_C_FILE)).isEmpty();
        assertThat(longerThan(sources(".h"), LONGEST_C_FILE)).isEmpty();
    }

    @Test
    void methodsAreShort() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            var units = files.getJavaFileObjectsFromPaths(sources(".java"));
            var task = (JavacTask) compiler.getTask(null, files, null, null, null, units);
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            List<String> tooLong = new ArrayList<>();
            for (CompilationUnitTree unit : task.parse()) {
                new LongMethods(unit, positions, tooLong).scan(unit, null);
            }
            assertThat(tooLong).isEmpty();
        }
    }

    private static List<String> longerThan(List<Path> files, int lines) {
        return files.stream()
                .filter(file -> lines(file) > lines)
                .map(file -> file + " has " + lines(file) + " lines")
                .toList();
    }

    private static long lines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> sources(String suffix) {
        return MODULES.stream()
                .map(module -> module.resolve("src"))
                .filter(Files::isDirectory)
                .flatMap(SourceLengthTest::walk)
                .filter(file -> file.toString().endsWith(suffix))
                .sorted()
                .toList();
    }

    private static Stream<Path> walk(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class LongMethods extends TreeScanner<Void, Void> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final List<String> found;

        LongMethods(CompilationUnitTree unit, SourcePositions positions, List<String> found) {
            this.unit = unit;
            this.positions = positions;
            this.found = found;
        }

        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            var lines = unit.getLineMap();
            long first = lines.getLineNumber(positions.getStartPosition(unit, method));
            long last = lines.getLineNumber(positions.getEndPosition(unit, method));
            if (last - first + 1 > LONGEST_METHOD) {
                found.add(
                        "%s: %s has %d lines"
                                .formatted(
                                        unit.getSourceFile().getName(),
                                        method.getName(),
                                        last - first + 1));
            }
            return super.visitMethod(method, null);
        }
    }
}
