package io.carpel.agent;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The lines between the agent's packages, and between the agent and the runtime.
final class ArchitectureTest {
    private static final String ROOT = "io.carpel.agent";
    private static final String RUNTIME = "io.carpel.runtime";

    /// What of the runtime the agent may see. `""` is its root package.
    private static final Set<String> SEEN =
            Set.of(
                    "",
                    "error",
                    "crypto",
                    "spec",
                    "sandbox",
                    "container",
                    "image",
                    "network",
                    "io",
                    "stats",
                    // The layout of directories in the configuration, and the announcements of
                    // changes.
                    "store",
                    // What is being done, for whoever wonders.
                    "work",
                    // The host's service manager, which `carpel node install` asks.
                    "systemd",
                    "host");

    /// What a subscription to the managers' changes is made of.
    private static final String ANNOUNCER = RUNTIME + ".store.Announcer";

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages(ROOT);

    @Test
    void theAgentSeesTheManagersAndTheirLanguageOnly() {
        noClasses()
                .should()
                .dependOnClassesThat(
                        new DescribedPredicate<>("are inner rooms of the runtime") {
                            @Override
                            public boolean test(JavaClass used) {
                                return used.getPackageName().startsWith(RUNTIME)
                                        && !used.getName().startsWith(ANNOUNCER)
                                        && !SEEN.contains(room(used));
                            }
                        })
                .check(CLASSES);
    }

    @Test
    void theAgentMakesNoSystemCallAndStartsNoProcess() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .orShould()
                .dependOnClassesThat(are(type(ProcessBuilder.class)))
                .orShould()
                .callMethodWhere(target(owner(type(Runtime.class))).and(target(name("exec"))))
                .because("what touches the kernel is the runtime's")
                .check(CLASSES);
    }

    @Test
    void packagesAreFreeOfCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyTheCommandLineAndTheLogPrint() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT, ROOT + ".cli..", ROOT + ".log..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(CLASSES);
    }

    private static String room(JavaClass one) {
        String below = one.getPackageName().substring(RUNTIME.length());
        return below.isEmpty() ? "" : below.substring(1).split("\\.", 2)[0];
    }
}
