package io.carpel.runtime.launch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Collects what a process writes.
final class ExecOutputs implements ExecSession.ExecOutput {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private static void append(ByteArrayOutputStream to, ByteBuffer data) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        to.writeBytes(bytes);
    }

    @Override
    public synchronized void stdout(ByteBuffer data) {
        append(out, data);
        notifyAll();
    }

    @Override
    public synchronized void stderr(ByteBuffer data) {
        append(err, data);
    }

    synchronized String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    synchronized String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    /// Waits until standard output contains `text`.
    synchronized void awaitOut(String text) throws InterruptedException {
        long deadline = System.nanoTime() + ShimExtension.LIMIT.toNanos();
        while (!out().contains(text)) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("no '" + text + "' in '" + out() + "'");
            }
            wait(left);
        }
    }
}
