package io.carpel.runtime.image;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.image.registry.Interruption;
import io.carpel.runtime.image.registry.RegistrySession;
import io.carpel.runtime.image.registry.TransferException;
import io.carpel.runtime.image.snapshot.DigestMismatchException;
import io.carpel.runtime.image.snapshot.LayerRefusedException;
import java.io.IOException;
import java.nio.file.Path;

/// Whose fault it is that a layer could not be unpacked: this host's, the image's, or the place's
/// it came from. Only the last may be better elsewhere.
final class LayerFailures {
    private LayerFailures() {}

    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException;
    }

    /// @param place where it is unpacked
    static <T> T translated(String layer, Path place, Interruption interruption, Work<T> work)
            throws IOException {
        try {
            return work.run();
        } catch (TransferException | RegistrySession.WrongContentException e) {
            throw e;
        } catch (LayerRefusedException e) {
            interruption.check();
            throw new RegistrySession.LocalFailure(
                    new FailedPreconditionException(
                            "layer " + layer + " is refused: " + e.getMessage(), e));
        } catch (DigestMismatchException e) {
            throw new RegistrySession.WrongContentException(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            interruption.check();
            if (e.getCause() instanceof TransferException transfer) {
                throw transfer;
            }
            if (Failures.isLocal(e)) {
                throw new RegistrySession.LocalFailure(
                        Failures.local("unpack layer " + layer, place, e));
            }
            throw new RegistrySession.WrongContentException(
                    "layer " + layer + " is malformed: " + e.getMessage());
        }
    }
}
