package io.carpel.agent;

import io.carpel.agent.cli.CarpelCommand;

/// The command `carpel`.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(CarpelCommand.run(args, ServeProcess::run));
    }
}
