package io.carpel.runtime.kernel;

import io.carpel.runtime.ContainerRuntime;
import io.carpel.runtime.RuntimeConfig;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.SandboxSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// A runtime in a process of its own, to be killed: makes a pod with the containers that its
/// arguments ask for, prints their ids, and waits.
///
/// Arguments: instance, directory, pid mode, then one shell command for each container.
public final class RuntimeProcess {
    private RuntimeProcess() {}

    public static void main(String[] arguments) throws InterruptedException {
        List<String> commands = List.of(arguments).subList(3, arguments.length);
        Path directory = Path.of(arguments[1]);
        ContainerRuntime runtime =
                ContainerRuntime.open(RuntimeUnderTest.config(arguments[0], directory));
        String id = RuntimeUnderTest.newId();
        SandboxSpec spec =
                Specs.sandbox(
                        id,
                        new NamespaceSpec(
                                false, false, PidMode.valueOf(arguments[2]), Optional.empty()),
                        directory.resolve("logs").resolve(id));
        Sandbox sandbox = runtime.sandboxes().run(spec);
        StringBuilder line = new StringBuilder("ready ").append(sandbox.id());
        for (String command : commands) {
            var container =
                    Specs.container(
                            RuntimeUnderTest.newId(),
                            sandbox.spec(),
                            TestImageLayout.NAME,
                            List.of("sh", "-c", command));
            runtime.containers().create(container);
            runtime.containers().start(container.id());
            line.append(' ').append(container.id());
        }
        System.out.println(line);
        new CountDownLatch(1).await();
    }

    /// A started process and what it made.
    record Started(Process process, String sandbox, List<String> containers) {
        static Started start(RuntimeConfig config, Path directory, String pid, String... commands)
                throws IOException {
            List<String> line =
                    new ArrayList<>(
                            List.of(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    RuntimeProcess.class.getName(),
                                    config.instance(),
                                    directory.toString(),
                                    pid));
            line.addAll(List.of(commands));
            Process process =
                    new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            var reader = process.inputReader();
            String answer = reader.readLine();
            while (answer != null && !answer.startsWith("ready ")) {
                answer = reader.readLine();
            }
            if (answer == null) {
                throw new AssertionError(
                        "the runtime's process ended with " + process.onExit().join().exitValue());
            }
            List<String> ids = List.of(answer.split(" ", -1));
            return new Started(process, ids.get(1), ids.subList(2, ids.size()));
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }
    }
}
