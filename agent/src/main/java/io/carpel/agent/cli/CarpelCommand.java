package io.carpel.agent.cli;

import io.carpel.agent.config.ConfigException;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
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

    private static final String COMPLETION = "completion";

    @Spec private CommandSpec spec = CommandSpec.create();

    private CarpelCommand() {}

    /// Parses and runs.
    ///
    /// @return the exit code of the process
    public static int run(String[] args, AgentLauncher launcher) {
        Map<String, Supplier<CommandLine>> verbs = verbs(launcher);
        String first = args.length == 0 ? "" : args[0];
        // Reflecting on every verb takes as long as starting the JVM: only the one that is asked
        // for.
        // The completion script is about all of them.
        boolean one = verbs.containsKey(first) && !first.equals(COMPLETION);
        return create(one ? Map.of(first, Objects.requireNonNull(verbs.get(first))) : verbs)
                .execute(args);
    }

    /// The whole command line, also for those who write its manual.
    static CommandLine create(AgentLauncher launcher) {
        return create(verbs(launcher));
    }

    private static CommandLine create(Map<String, Supplier<CommandLine>> verbs) {
        CommandLine root = new CommandLine(new CarpelCommand());
        verbs.values().forEach(verb -> root.addSubcommand(verb.get()));
        root.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        root.setUsageHelpAutoWidth(true);
        root.setExecutionExceptionHandler(new Failures());
        root.setParameterExceptionHandler(new WrongUsage());
        addHelp(root);
        return root;
    }

    private static Map<String, Supplier<CommandLine>> verbs(AgentLauncher launcher) {
        Map<String, Supplier<CommandLine>> verbs = new LinkedHashMap<>();
        verbs.put("serve", () -> ServeCommand.create(launcher));
        verbs.put("run", () -> new CommandLine(new RunCommand()));
        verbs.put("exec", ExecCommand::create);
        verbs.put("logs", () -> new CommandLine(new LogsCommand()));
        verbs.put("rm", () -> new CommandLine(new RmCommand()));
        verbs.put("ns", () -> new CommandLine(new NsCommand()));
        verbs.put("image", ImageCommand::create);
        verbs.put("check", () -> new CommandLine(new CheckCommand()));
        verbs.put("node", NodeCommand::create);
        verbs.put("config", ConfigCommand::create);
        verbs.put("version", () -> new CommandLine(new VersionCommand()));
        verbs.put(COMPLETION, () -> new CommandLine(new CompletionCommand()));
        return verbs;
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
