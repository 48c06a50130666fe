package io.carpel.agent.cli;

import java.io.PrintWriter;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `carpel completion`: a script that teaches a shell our words.
@Command(
        name = "completion",
        description = {"Print the completion script of a shell: source <(carpel completion bash)"})
final class CompletionCommand implements Runnable {
    /// The shells whose completion we write.
    enum Shell {
        bash,
        zsh
    }

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "bash|zsh", description = "The shell.")
    private Shell shell = Shell.bash;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(script(spec.root().commandLine(), shell));
        out.flush();
    }

    static String script(CommandLine root, Shell shell) {
        String bash = AutoComplete.bash("carpel", root);
        return switch (shell) {
            case bash -> bash;
            case zsh -> "autoload -U +X bashcompinit && bashcompinit\n" + bash;
        };
    }
}
