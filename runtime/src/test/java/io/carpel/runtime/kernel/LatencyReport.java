package io.carpel.runtime.kernel;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Measures what a caller of the runtime waits for, in one warm process, and prints medians and
/// 95th percentiles in milliseconds. Run by hand, as root; see `deploy/bench` for the whole agent.
public final class LatencyReport {
    private static final List<String> STEPS =
            List.of(
                    "run sandbox",
                    "create container",
                    "start container",
                    "pod ready (the three)",
                    "exec true",
                    "stop sandbox",
                    "remove sandbox",
                    "teardown (the two)");

    private LatencyReport() {}

    public static void main(String[] arguments) throws IOException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        try (RuntimeUnderTest under = new RuntimeUnderTest("itlat")) {
            for (boolean hostNetwork : new boolean[] {true, false}) {
                NamespaceSpec namespaces =
                        new NamespaceSpec(hostNetwork, false, PidMode.CONTAINER, Optional.empty());
                for (int i = 0; i < rounds; i++) {
                    cycle(under, namespaces);
                }
                long[][] figures = new long[rounds][];
                for (int i = 0; i < rounds; i++) {
                    figures[i] = cycle(under, namespaces);
                }
                report(hostNetwork ? "host network" : "built-in bridge", figures);
            }
        }
    }

    private static long[] cycle(RuntimeUnderTest under, NamespaceSpec namespaces) {
        long t0 = System.nanoTime();
        Sandbox sandbox = under.run(namespaces);
        long t1 = System.nanoTime();
        ContainerSpec spec = under.containerSpec(sandbox, "sleep", "600");
        Container created = under.runtime.containers().create(spec);
        long t2 = System.nanoTime();
        under.runtime.containers().start(created.id());
        long t3 = System.nanoTime();
        under.runtime
                .execs()
                .execSync(created.id(), List.of("/bin/true"), Duration.ofSeconds(10), 1000);
        long t4 = System.nanoTime();
        under.runtime.sandboxes().stop(sandbox.id());
        long t5 = System.nanoTime();
        under.runtime.sandboxes().remove(sandbox.id());
        long t6 = System.nanoTime();
        return new long[] {t1 - t0, t2 - t1, t3 - t2, t3 - t0, t4 - t3, t5 - t4, t6 - t5, t6 - t4};
    }

    private static void report(String title, long[][] figures) {
        System.out.println(title);
        for (int step = 0; step < STEPS.size(); step++) {
            int column = step;
            long[] sorted = Arrays.stream(figures).mapToLong(f -> f[column]).sorted().toArray();
            System.out.printf(
                    Locale.ROOT,
                    "  %-24s p50 %6.2f  p95 %6.2f%n",
                    STEPS.get(step),
                    sorted[sorted.length / 2] / 1e6,
                    sorted[sorted.length * 95 / 100] / 1e6);
        }
    }
}
