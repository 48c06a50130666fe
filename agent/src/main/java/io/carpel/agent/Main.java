package io.carpel.agent;

/// The command `carpel`.
public final class Main {
    private Main() {}

    public static void main(String[] args) {}
}
