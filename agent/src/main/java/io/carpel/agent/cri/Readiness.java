package io.carpel.agent.cri;

/// Whether calls may be answered yet. Starts closed; opened once when the runtime has recovered.
public final class Readiness {
    private volatile boolean open;

    public void open() {
        open = true;
    }

    public boolean isOpen() {
        return open;
    }
}
