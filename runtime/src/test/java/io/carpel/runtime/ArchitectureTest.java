package io.carpel.runtime;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.carpel.runtime.launch.HostProgram;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The lines between the rooms of this module, and between it and the outside.
final class ArchitectureTest {
    private static final String ROOT = "io.carpel.runtime";

    /// Each room may use the ones before it, and none after it.
    private static final List<String> ROOMS =
            List.of(
                    "linux",
                    "error",
                    "crypto",
                    "store",
                    "lifecycle",
                    "work",
                    "spec",
                    "systemd",
                    "cdi",
                    "cgroup",
                    "seccomp",
                    "security",
                    "launch",
                    "namespace",
                    "network",
                    "image",
                    "log",
                    "io",
                    "sandbox",
                    "container",
                    "stats",
                    "host",
                    "");

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages(ROOT);

    @Test
    void aRoomUsesOnlyTheRoomsBeforeIt() {
        classes().should(useOnlyEarlierRooms()).check(CLASSES);
    }

    @Test
    void packagesAreFreeOfCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyTheKernelsRoomTouchesNativeCode() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".linux..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .because("a system call needs an interface that a test can replace")
                .check(CLASSES);
    }

    @Test
    void oneClassStartsProgramsOfTheHost() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(HostProgram.class)
                .should()
                .dependOnClassesThat(are(type(ProcessBuilder.class)))
                .orShould()
                .callMethodWhere(target(owner(type(Runtime.class))).and(target(name("exec"))))
                .because("what runs with root's rights has to be found in one look")
                .check(CLASSES);
    }

    @Test
    void theRuntimeKnowsNoProtocolAndNoCluster() {
        noClasses()
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage(
                                "io.grpc..",
                                "com.google.protobuf..",
                                "io.fabric8..",
                                "io.netty..",
                                "io.carpel.cri..",
                                "io.carpel.agent.."))
                .because("the runtime serves whoever asks, in its own words")
                .check(CLASSES);
    }

    @Test
    void onlyTheRegistrysRoomTouchesTheRegistryLibrary() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".image.registry..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("land.oras..")
                .check(CLASSES);
    }

    @Test
    void onlyOneRoomSpeaksToTheBus() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".systemd..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.freedesktop..")
                .because("the library is loaded only where the systemd driver is in use")
                .check(CLASSES);
    }

    @Test
    void nothingPrintsButThroughTheLogger() {
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(CLASSES);
    }

    private static ArchCondition<JavaClass> useOnlyEarlierRooms() {
        return new ArchCondition<>("use only rooms that come before their own") {
            @Override
            public void check(JavaClass user, ConditionEvents events) {
                for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
                    JavaClass used = dependency.getTargetClass().getBaseComponentType();
                    if (used.getPackageName().startsWith(ROOT) && place(used) > place(user)) {
                        events.add(
                                SimpleConditionEvent.violated(user, dependency.getDescription()));
                    }
                }
            }
        };
    }

    private static int place(JavaClass one) {
        String below = one.getPackageName().substring(ROOT.length());
        String room = below.isEmpty() ? "" : below.substring(1).split("\\.", 2)[0];
        int place = ROOMS.indexOf(room);
        if (place < 0) {
            throw new AssertionError("the room " + room + " has no place in the order: " + ROOMS);
        }
        return place;
    }
}
