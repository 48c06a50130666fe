package io.carpel.agent;

import io.carpel.agent.cli.CarpelCommand;
import io.carpel.agent.cli.PlainServe;

/// The command `carpel`.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(
                PlainServe.of(args)
                        .map(plain -> plain.run(ServeProcess::run))
                        .orElseGet(() -> CarpelCommand.run(args, ServeProcess::run)));
    }
}
