package io.carpel.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// [NftablesCalls] by `libnftables.so.1`, loaded when first needed.
///
/// One context, and with it one netlink socket, for the life of this object: it belongs to the
/// network namespace in which the first call was made. Closing such a socket after elements were
/// deleted waits for the kernel to have freed them (10 ms and more), which is why there is not one
/// per call.
public final class LinuxNftablesCalls implements NftablesCalls {
    // nftables/libnftables.h
    private static final int NFT_CTX_OUTPUT_JSON = 1 << 4;

    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by lock; null until the first call and after close.
    private @Nullable Pointer context;

    @Override
    public String run(String commands) throws IOException {
        return run(commands, 0);
    }

    @Override
    public String runForJson(String commands) throws IOException {
        return run(commands, NFT_CTX_OUTPUT_JSON);
    }

    private String run(String commands, int outputFlags) throws IOException {
        lock.lock();
        try {
            Pointer nft = context();
            Library.nft_ctx_output_set_flags(nft, outputFlags);
            // Begins, and from the second time on rewinds, the buffers.
            Library.nft_ctx_buffer_output(nft);
            Library.nft_ctx_buffer_error(nft);
            int code = Library.nft_run_cmd_from_buffer(nft, cString(commands));
            if (code != 0) {
                throw new NftablesException(text(Library.nft_ctx_get_error_buffer(nft)));
            }
            return text(Library.nft_ctx_get_output_buffer(nft));
        } catch (LinkageError e) {
            throw new IOException(
                    "libnftables.so.1 cannot be loaded (Debian package libnftables1): "
                            + e.getMessage(),
                    e);
        } finally {
            lock.unlock();
        }
    }

    private Pointer context() throws IOException {
        Pointer present = context;
        if (present == null) {
            present = Library.newContext();
            context = present;
        }
        return present;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            Pointer present = context;
            context = null;
            if (present != null) {
                Library.nft_ctx_free(present);
            }
        } finally {
            lock.unlock();
        }
    }

    private static byte[] cString(String text) {
        return (text + '\0').getBytes(StandardCharsets.UTF_8);
    }

    private static String text(Pointer buffer) {
        return buffer.getString(0, StandardCharsets.UTF_8.name()).strip();
    }

    /// Apart, so that a host without the library fails in the call and not when classes are wired.
    private static final class Library {
        static {
            Native.register(Library.class, "libnftables.so.1");
        }

        static Pointer newContext() throws IOException {
            Pointer context = nft_ctx_new(0);
            if (Pointer.nativeValue(context) == 0) {
                throw new IOException("nft_ctx_new: out of memory or no netlink socket");
            }
            return context;
        }

        static native Pointer nft_ctx_new(int flags);

        static native void nft_ctx_free(Pointer context);

        static native void nft_ctx_output_set_flags(Pointer context, int flags);

        static native int nft_ctx_buffer_output(Pointer context);

        static native int nft_ctx_buffer_error(Pointer context);

        static native Pointer nft_ctx_get_output_buffer(Pointer context);

        static native Pointer nft_ctx_get_error_buffer(Pointer context);

        static native int nft_run_cmd_from_buffer(Pointer context, byte[] buffer);
    }
}
