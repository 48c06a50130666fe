package io.carpel.agent;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.File;
import org.junit.jupiter.api.Test;

/// What holds for every class of runtime and agent; the lines between rooms are each module's own
/// `ArchitectureTest`.
final class EveryClassTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("io.carpel.agent", "io.carpel.runtime");

    @Test
    void packagesAreNamedAfterWhatTheyAreAbout() {
        noClasses()
                .should()
                .resideInAnyPackage("..util..", "..utils..", "..common..", "..helper..", "..impl..")
                .check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        for (JavaClass declared : CLASSES) {
            Class<?> reflected = declared.reflect();
            if (!reflected
                    .getPackage()
                    .isAnnotationPresent(org.jspecify.annotations.NullMarked.class)) {
                throw new AssertionError(reflected.getPackageName() + " is not @NullMarked");
            }
        }
    }

    @Test
    void classesAreFinalUnlessTheyAreMadeToBeExtended() {
        classes().that().areTopLevelClasses().should(beClosed()).check(CLASSES);
    }

    @Test
    void filesArePathsAndNobodySleeps() {
        noClasses()
                .should()
                .dependOnClassesThat(are(type(File.class)))
                .because("java.io.File hides errors behind booleans; use java.nio.file.Path")
                .check(CLASSES);
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .because("waiting is for a condition with a deadline")
                .check(CLASSES);
    }

    private static ArchCondition<JavaClass> beClosed() {
        return new ArchCondition<>("be final, abstract or sealed") {
            @Override
            public void check(JavaClass one, ConditionEvents events) {
                boolean closed =
                        one.isInterface()
                                || one.getModifiers().contains(JavaModifier.FINAL)
                                || one.getModifiers().contains(JavaModifier.ABSTRACT)
                                || one.reflect().isSealed();
                if (!closed && !one.getSimpleName().equals("package-info")) {
                    events.add(SimpleConditionEvent.violated(one, one.getName() + " is open"));
                }
            }
        };
    }
}
