package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.ImageConfig;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.ProcessSpec;
import io.carpel.runtime.spec.UserSpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MergedProcessTest {
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-,-,entry cmd",
                "-,args,entry args",
                "command,-,command",
                "command,args,command args"
            })
    void aCommandReplacesTheEntrypointAndDropsTheImagesArguments(
            @org.jspecify.annotations.Nullable String command,
            @org.jspecify.annotations.Nullable String args,
            String expected) {
        MergedProcess merged =
                merge(
                        process(
                                command == null ? List.of() : List.of(command),
                                args == null ? List.of() : List.of(args),
                                "",
                                false),
                        image(List.of("entry"), List.of("cmd"), List.of(), ""));
        assertThat(String.join(" ", merged.argv())).isEqualTo(expected);
    }

    @Test
    void needsACommand() {
        ImageConfig image = image(List.of(), List.of(), List.of(), "");
        assertThatThrownBy(() -> merge(process(List.of(), List.of(), "", false), image))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("no command");
    }

    @Test
    void laterVariablesWinAndDoublesCollapse() {
        ImageConfig image =
                image(
                        List.of("x"),
                        List.of(),
                        List.of("A=image", "PATH=/image", "odd", "B=b=c"),
                        "");
        ProcessSpec spec =
                process(
                        List.of(),
                        List.of(),
                        "",
                        true,
                        EnvVar.of("A", "first"),
                        new EnvVar("A", Bytes.copyOf(new byte[] {(byte) 0xff})));
        assertThat(merge(spec, image).env())
                .containsExactlyInAnyOrder(
                        EnvVar.of("PATH", "/image"),
                        EnvVar.of("HOSTNAME", "host"),
                        EnvVar.of("TERM", "xterm"),
                        new EnvVar("A", Bytes.copyOf(new byte[] {(byte) 0xff})),
                        EnvVar.of("B", "b=c"),
                        EnvVar.of("HOME", "/home/x"));
    }

    @Test
    void anOddHomeIsNotPassedOn() {
        ImageConfig image = image(List.of("x"), List.of(), List.of(), "");
        MergedProcess merged =
                MergedProcess.of(
                        process(List.of(), List.of(), "", false), image, "h", "/a\nroot:x");
        assertThat(merged.env()).contains(EnvVar.of("HOME", "/"));
    }

    @Test
    void theRequestsDirectoryWinsOverTheImages() {
        ImageConfig image = image(List.of("x"), List.of(), List.of(), "/srv");
        assertThat(merge(process(List.of(), List.of(), "", false), image).workingDir())
                .isEqualTo("/srv");
        assertThat(merge(process(List.of(), List.of(), "/w", false), image).workingDir())
                .isEqualTo("/w");
        assertThatThrownBy(() -> merge(process(List.of(), List.of(), "w", false), image))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("'w' is not an absolute path");
    }

    @Test
    void refusesWhatExecveCannotTake() {
        ImageConfig image = image(List.of("x"), List.of(), List.of(), "");
        for (EnvVar bad :
                List.of(EnvVar.of("", "x"), EnvVar.of("A=B", "x"), EnvVar.of("A", "x\0"))) {
            ProcessSpec spec = process(List.of(), List.of(), "", false, bad);
            assertThatThrownBy(() -> merge(spec, image))
                    .isInstanceOf(InvalidArgumentException.class);
        }
        ProcessSpec nul = process(List.of("a\0b"), List.of(), "", false);
        assertThatThrownBy(() -> merge(nul, image)).isInstanceOf(InvalidArgumentException.class);
        ProcessSpec flood =
                process(
                        List.of(),
                        List.of(),
                        "",
                        false,
                        Collections.nCopies(200_000, EnvVar.of("A", "b")).toArray(new EnvVar[0]));
        assertThatThrownBy(() -> merge(flood, image))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("200000");
    }

    @ParameterizedTest
    @CsvSource({
        "SIGTERM,15",
        "term,15",
        "9,9",
        "SIGRTMIN,34",
        "RTMIN+3,37",
        "SIGRTMAX-1,63",
        "SIGKILL,9"
    })
    void readsSignalNames(String name, int number) {
        assertThat(Signals.parse(name)).isEqualTo(number);
    }

    @ParameterizedTest
    @CsvSource({"SIGNOPE", "0", "65", "RTMIN+31", "RTMAX+1", "-1", "''"})
    void refusesOtherSignals(String name) {
        assertThatThrownBy(() -> Signals.parse(name)).isInstanceOf(InvalidArgumentException.class);
    }

    private static MergedProcess merge(ProcessSpec spec, ImageConfig image) {
        return MergedProcess.of(spec, image, "host", "/home/x");
    }

    private static ProcessSpec process(
            List<String> command, List<String> args, String directory, boolean tty, EnvVar... env) {
        return new ProcessSpec(
                command, args, List.of(env), directory, UserSpec.imageDefault(), tty, false, false);
    }

    private static ImageConfig image(
            List<String> entrypoint, List<String> cmd, List<String> env, String directory) {
        return new ImageConfig(
                entrypoint,
                cmd,
                env,
                "",
                directory,
                "",
                Map.of(),
                List.of(),
                List.of(),
                "amd64",
                "linux",
                Optional.empty());
    }
}
