package io.carpel.runtime.linux;

import java.nio.file.Path;
import java.util.Set;

/// Calls that create, enter and examine namespaces.
///
/// What changes the calling thread refuses virtual threads: the change would stay behind on a
/// carrier and surface in somebody else's call. Such calls belong on a `NamespaceThread`.
public interface NamespaceCalls {
    /// Opens a namespace file (`/proc/PID/ns/*` or a pin) for the calls below.
    Fd open(Path namespaceFile) throws ErrnoException;

    /// Gives the calling thread fresh namespaces (unshare(2)).
    ///
    /// @throws IllegalStateException on a virtual thread
    void unshare(Set<NamespaceKind> kinds) throws ErrnoException;

    /// Moves the calling thread into a namespace (setns(2)).
    ///
    /// @throws IllegalStateException on a virtual thread
    void setns(Fd namespace, NamespaceKind kind) throws ErrnoException;

    /// Sets the name of the calling thread's UTS namespace.
    void setHostname(String name) throws ErrnoException;

    /// Raises an interface of the calling thread's network namespace.
    void interfaceUp(String name) throws ErrnoException;

    /// Changes effective and saved ids of the calling thread alone, its real ones left: to write
    /// what only the root of an inner user namespace may write. The thread loses its capabilities.
    ///
    /// @throws IllegalStateException on a virtual thread
    void assumeIds(long uid, long gid) throws ErrnoException;

    /// What kind of namespace the descriptor refers to (`NS_GET_NSTYPE`, since 4.11); ENOTTY when
    /// it is no namespace at all.
    NamespaceKind kind(Fd namespace) throws ErrnoException;

    /// The user namespace that owns this one (`NS_GET_USERNS`, since 4.9).
    Fd owner(Fd namespace) throws ErrnoException;

    /// The parent of a pid or user namespace (`NS_GET_PARENT`, since 4.9).
    Fd parent(Fd namespace) throws ErrnoException;

    /// The user who made a user namespace (`NS_GET_OWNER_UID`, since 4.11).
    long ownerUid(Fd userNamespace) throws ErrnoException;
}
