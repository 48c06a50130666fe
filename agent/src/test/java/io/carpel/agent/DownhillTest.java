package io.carpel.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The path that README shows to a newcomer: a request goes down through a few files, each used by
/// an earlier one, and nothing on the way calls back up.
final class DownhillTest {
    private static final List<String> CREATE_CONTAINER =
            List.of(
                    "io.carpel.agent.cri.CriRuntimeService",
                    "io.carpel.agent.pod.PodContainerService",
                    "io.carpel.runtime.container.ContainerManager",
                    "io.carpel.runtime.launch.LaunchPlanner",
                    "io.carpel.runtime.launch.ShimLauncher");

    private static final Path LAST_OF_CREATE_CONTAINER =
            Path.of("../runtime/src/main/c/plan_exec.c");

    private static final List<String> RUN_POD_SANDBOX =
            List.of(
                    "io.carpel.agent.cri.CriRuntimeService",
                    "io.carpel.agent.pod.PodSandboxService",
                    "io.carpel.runtime.sandbox.SandboxManager",
                    "io.carpel.runtime.namespace.PodNamespaces",
                    "io.carpel.runtime.linux.NamespaceCalls");

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("io.carpel.agent", "io.carpel.runtime");

    @Test
    void createContainerGoesDownhill() {
        assertDownhill(CREATE_CONTAINER);
        assertThat(LAST_OF_CREATE_CONTAINER).exists();
    }

    @Test
    void runPodSandboxGoesDownhill() {
        assertDownhill(RUN_POD_SANDBOX);
    }

    @Test
    void theReadmeShowsThePath() throws java.io.IOException {
        String readme = Files.readString(Path.of("../README.md"));
        for (String hop : CREATE_CONTAINER) {
            assertThat(readme).contains(hop.substring("io.carpel.".length()));
        }
        for (String hop : RUN_POD_SANDBOX) {
            assertThat(readme).contains(hop.substring("io.carpel.".length()));
        }
        assertThat(readme).contains("plan_exec.c");
    }

    private static void assertDownhill(List<String> hops) {
        for (int at = 1; at < hops.size(); at++) {
            String hop = hops.get(at);
            Set<String> users = users(hop);
            assertThat(users)
                    .as("an earlier hop uses %s", hop)
                    .containsAnyElementsOf(hops.subList(0, at));
            Set<String> later = new TreeSet<>(hops.subList(at + 1, hops.size()));
            later.retainAll(users);
            assertThat(later).as("later hops that use %s", hop).isEmpty();
        }
    }

    /// The hops whose file, or whose implementation beside it, uses the given one.
    private static Set<String> users(String hop) {
        return CLASSES.stream()
                .filter(one -> uses(one, hop))
                .flatMap(one -> ownHops(one).stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean uses(JavaClass one, String hop) {
        return one.getDirectDependenciesFromSelf().stream()
                .map(Dependency::getTargetClass)
                .anyMatch(used -> outermost(used).equals(hop));
    }

    /// A class belongs to the hop in whose file it stands, and to the one that it implements.
    private static Set<String> ownHops(JavaClass one) {
        Set<String> own = new TreeSet<>();
        own.add(outermost(one));
        JavaClass outer = CLASSES.contain(outermost(one)) ? CLASSES.get(outermost(one)) : one;
        outer.getAllRawInterfaces().forEach(implemented -> own.add(implemented.getName()));
        return own;
    }

    private static String outermost(JavaClass one) {
        String name = one.getName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }
}
