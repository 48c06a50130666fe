package io.carpel.runtime.lifecycle;

/// One named step of making something. Lists of steps are data, so that a test can let any of them
/// fail and see that nothing is left.
///
/// @param name what is done, for messages: `attach the network`
public record Step<C>(String name, Work<C> work) {
    /// The step's body; it registers its undo with the context's [Rollback].
    @FunctionalInterface
    public interface Work<C> {
        void run(C context) throws Exception;
    }
}
