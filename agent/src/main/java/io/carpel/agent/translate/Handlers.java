package io.carpel.agent.translate;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.SandboxSpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// The runtime handlers that a pod can ask for by name. Thread-safe.
public final class Handlers {
    private volatile Map<String, Handler> byName;

    /// @param standard the one with the empty name
    /// @param others those that the administrator has made
    public Handlers(Handler standard, List<Handler> others) {
        Map<String, Handler> all = new TreeMap<>();
        all.put("", standard);
        others.forEach(handler -> all.put(handler.name(), handler));
        byName = Collections.unmodifiableMap(all);
    }

    /// Is like the other from now on, for whoever asks next. Sandboxes and containers that exist
    /// stay as they were made.
    public void become(Handlers other) {
        byName = other.byName;
    }

    /// The default one, and others that decide nothing.
    public static Handlers plain(ProfileSpec seccomp, String... names) {
        return new Handlers(
                Handler.plain("", seccomp),
                List.of(names).stream().map(name -> Handler.plain(name, seccomp)).toList());
    }

    /// Their names, without the empty one.
    public Set<String> names() {
        Set<String> names = new TreeSet<>(byName.keySet());
        names.remove("");
        return names;
    }

    /// The one that a request names.
    ///
    /// @param field where the request names it
    /// @throws io.carpel.runtime.error.InvalidArgumentException when there is none
    public Handler asked(String field, String name) {
        Handler handler = byName.get(name);
        if (handler == null) {
            throw Check.invalid(field, name, "is not a handler of this runtime");
        }
        return handler;
    }

    /// The one that a sandbox was made with.
    ///
    /// @throws FailedPreconditionException when the configuration has it no more
    public Handler of(SandboxSpec sandbox) {
        Handler handler = byName.get(sandbox.handler());
        if (handler == null) {
            throw new FailedPreconditionException(
                    "sandbox %s was made with runtime handler %s, which is not configured any more"
                            .formatted(sandbox.id(), sandbox.handler()));
        }
        return handler;
    }
}
