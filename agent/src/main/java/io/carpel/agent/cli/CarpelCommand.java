package io.carpel.agent.cli;

import io.carpel.agent.config.ConfigException;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command `carpel` and the rules that hold for all its verbs.
@Command(
        name = "carpel",
        description = "Container runtime for Kubernetes: one agent a node, driven through CRI.",
        synopsisSubcommandLabel = "<command>")
public final class CarpelCommand implements Runnable {
    static final int FAILED = 1;
    static final int USAGE = 2;

    @Spec private CommandSpec spec = CommandSpec.create();

    private CarpelCommand() {}

    /// Parses and runs.
    ///
    /// @return the exit code of the process
    public static int run(String[] args, AgentLauncher launcher) {
        return create(launcher).execute(args);
    }

    /// The whole command line, also for those who write its manual.
    static CommandLine create(AgentLauncher launcher) {
        CommandLine root = new CommandLine(new CarpelCommand());
        root.addSubcommand(ServeCommand.create(launcher));
        root.addSubcommand(new RunCommand());
        root.addSubcommand(ExecCommand.create());
        root.addSubcommand(new LogsCommand());
        root.addSubcommand(new RmCommand());
        root.addSubcommand(new NsCommand());
        root.addSubcommand(ImageCommand.create());
        root.addSubcommand(ConfigCommand.create());
        root.addSubcommand(new VersionCommand());
        root.addSubcommand(new CompletionCommand());
        root.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        root.setUsageHelpAutoWidth(true);
        root.setExecutionExceptionHandler(new Failures());
        root.setParameterExceptionHandler(new WrongUsage());
        addHelp(root);
        return root;
    }

    private static void addHelp(CommandLine command) {
        command.getCommandSpec()
                .addOption(
                        CommandLine.Model.OptionSpec.builder("-h", "--help")
                                .usageHelp(true)
                                .description("Show this help.")
                                .build());
        // An alias leads to the same command once more.
        Set.copyOf(command.getSubcommands().values()).forEach(CarpelCommand::addHelp);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /// One line, no stack trace.
    private static final class Failures implements IExecutionExceptionHandler {
        @Override
        public int handleExecutionException(
                Exception failure, CommandLine command, ParseResult parsed) {
            PrintWriter err = command.getErr();
            return switch (failure) {
                case CliException known -> {
                    err.println("carpel: " + known.getMessage());
                    yield known.exitCode();
                }
                case StatusRuntimeException answer -> {
                    err.println("carpel: " + CriClient.explain(answer, "its socket"));
                    yield FAILED;
                }
                case ConfigException wrong -> {
                    err.println("carpel: " + wrong.getMessage());
                    yield FAILED;
                }
                default -> {
                    err.println("carpel: " + unexpected(failure));
                    yield FAILED;
                }
            };
        }

        private static String unexpected(Exception failure) {
            String message = failure.getMessage();
            return message == null || message.isBlank()
                    ? failure.getClass().getSimpleName()
                    : message;
        }
    }

    /// The mistake, what was probably meant, and where the help is.
    private static final class WrongUsage implements IParameterExceptionHandler {
        @Override
        public int handleParseException(ParameterException wrong, String[] args) {
            CommandLine command = wrong.getCommandLine();
            PrintWriter err = command.getErr();
            err.println("carpel: " + wrong.getMessage());
            UnmatchedArgumentException.printSuggestions(wrong, err);
            err.println(
                    "Try '" + command.getCommandSpec().qualifiedName() + " --help' for the usage.");
            return USAGE;
        }
    }
}
