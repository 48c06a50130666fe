package io.carpel.agent.cli;

import com.google.protobuf.ByteString;
import io.carpel.cri.Container;
import io.carpel.cri.ExecSyncRequest;
import io.carpel.cri.ExecSyncResponse;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpel exec`: a command in a container, without input or terminal.
@Command(
        name = "exec",
        description = {
            "Run a command in a container and end with its exit code. Output comes when the command"
                    + " has ended."
        })
final class ExecCommand implements Callable<Integer> {
    /// Beyond the command's own time.
    private static final Duration MARGIN = Duration.ofMinutes(2);

    private static final Duration ONE_DAY = Duration.ofDays(1);

    @Mixin private Connection connection = new Connection();

    @Option(
            names = {"-c", "--container"},
            paramLabel = "<name>",
            description = "Container of the pod. Default: its only one.")
    private String container = "";

    @Option(
            names = "--timeout",
            paramLabel = "<seconds>",
            description = "Kill the command after so long. Default: never.")
    private long timeout;

    @Parameters(
            index = "0",
            paramLabel = "POD",
            description = "Name, namespace/name, or beginning of the id.")
    private String pod = "";

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "COMMAND",
            description = "The command and its arguments.")
    private List<String> command = List.of();

    /// What follows the pod belongs to the command, options included.
    static CommandLine create() {
        return new CommandLine(new ExecCommand()).setStopAtPositional(true);
    }

    @Override
    public Integer call() throws IOException {
        // A first "--" only separates.
        List<String> words =
                command.getFirst().equals("--") ? command.subList(1, command.size()) : command;
        if (words.isEmpty()) {
            throw new CliException("the command is missing", CarpelCommand.USAGE);
        }
        try (CriClient client = connection.open()) {
            PodPicker picker = new PodPicker(client);
            Container target = picker.container(picker.pod(pod), container);
            Duration deadline = timeout > 0 ? MARGIN.plusSeconds(timeout) : ONE_DAY;
            ExecSyncResponse answer =
                    client.runtime(deadline)
                            .execSync(
                                    ExecSyncRequest.newBuilder()
                                            .setContainerId(target.getId())
                                            .addAllCmd(words)
                                            .setTimeout(timeout)
                                            .build());
            write(System.out, answer.getStdout());
            write(System.err, answer.getStderr());
            return answer.getExitCode();
        } catch (StatusRuntimeException e) {
            throw new CliException(CriClient.explain(e, connection.path().toString()), e);
        }
    }

    private static void write(OutputStream out, ByteString bytes) throws IOException {
        bytes.writeTo(out);
        out.flush();
    }
}
