package io.carpel.runtime.launch;

/// A client of a container's live streams. A slow one loses output rather than hold up the
/// container or its log.
public interface AttachSession extends LiveStreams {
    /// Feeds output to `output` until the container ends or this session is closed; called once, by
    /// one thread.
    void await(ExecSession.ExecOutput output);

    /// No more input from this client. It is the end of the container's only when that was to have
    /// one client (`stdinOnce`): others may attach later and go on.
    @Override
    void closeStdin();
}
