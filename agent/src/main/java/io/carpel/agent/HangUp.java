package io.carpel.agent;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes SIGHUP mean "read the configuration again" instead of the end of the process.
///
/// The JDK lets programs handle signals by `sun.misc.Signal` alone, which the compiler warns of in
/// a way that cannot be switched off for one file; since warnings are errors here, the class is
/// looked up by name. A signalfd would not do: the JVM unblocks SIGHUP in each of its threads.
final class HangUp {
    private static final Logger LOG = LoggerFactory.getLogger(HangUp.class);

    private HangUp() {}

    /// Calls `work` at each SIGHUP from now on, on a thread of the JVM; failures of it are logged.
    /// Without such a class, or with `-Xrs`, SIGHUP keeps its meaning and a warning is logged.
    @SuppressWarnings("ReferenceEquality") // of a proxy, which has nothing else
    static void handle(Runnable work) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object handling =
                    Proxy.newProxyInstance(
                            HangUp.class.getClassLoader(),
                            new Class<?>[] {handler},
                            (self, method, arguments) ->
                                    switch (method.getName()) {
                                        case "handle" -> {
                                            run(work);
                                            yield null;
                                        }
                                        case "equals" -> self == arguments[0];
                                        case "hashCode" -> System.identityHashCode(self);
                                        default -> "SIGHUP";
                                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), handling);
        } catch (InvocationTargetException e) {
            LOG.warn("SIGHUP cannot be handled: {}", String.valueOf(e.getCause()));
        } catch (ReflectiveOperationException e) {
            LOG.warn("SIGHUP cannot be handled: {}", e.toString());
        }
    }

    @SuppressWarnings("CatchingUnchecked") // whatever goes wrong, the agent goes on
    private static void run(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOG.error("the configuration could not be read again", e);
        }
    }
}
