package io.carpel.runtime.io;

import io.carpel.runtime.launch.ExecSession;
import java.nio.ByteBuffer;

/// Hands a shim's output on.
record ShimOutput(ProcessSession.Output output) implements ExecSession.ExecOutput {
    @Override
    public void stdout(ByteBuffer data) {
        output.stdout(data);
    }

    @Override
    public void stderr(ByteBuffer data) {
        output.stderr(data);
    }
}
