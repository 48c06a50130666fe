package io.carpel.runtime.image;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.image.registry.Interruption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Lets the caller of a pull stop it, from any thread. The first of [#cancel] and [#expire] counts.
public final class Cancellation implements Interruption {
    private enum Wish {
        NONE,
        CANCEL,
        EXPIRE
    }

    private final Object lock = new Object();
    private final Map<Object, Runnable> actions = new LinkedHashMap<>();
    private Wish wish = Wish.NONE;

    /// The caller has gone away or changed its mind.
    public void cancel() {
        stop(Wish.CANCEL);
    }

    /// The caller's deadline has passed.
    public void expire() {
        stop(Wish.EXPIRE);
    }

    public boolean isStopped() {
        synchronized (lock) {
            return wish != Wish.NONE;
        }
    }

    @Override
    public void check() {
        Wish now;
        synchronized (lock) {
            now = wish;
        }
        switch (now) {
            case NONE -> {}
            case CANCEL -> throw new CancelledException("cancelled by the caller");
            case EXPIRE -> throw new DeadlineExceededException("the caller's deadline has passed");
        }
    }

    @Override
    public Registration onStop(Runnable action) {
        Object key = new Object();
        synchronized (lock) {
            if (wish == Wish.NONE) {
                actions.put(key, action);
                return () -> forget(key);
            }
        }
        action.run();
        return () -> {};
    }

    private void forget(Object key) {
        synchronized (lock) {
            actions.remove(key);
        }
    }

    private void stop(Wish why) {
        List<Runnable> run;
        synchronized (lock) {
            if (wish != Wish.NONE) {
                return;
            }
            wish = why;
            run = new ArrayList<>(actions.values());
            actions.clear();
        }
        run.forEach(Runnable::run);
    }
}
