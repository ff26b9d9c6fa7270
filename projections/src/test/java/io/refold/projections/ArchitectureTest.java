package io.refold.projections;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.refold.projections");

  @Test
  void onlyTheRedisPackageSeesRedissonAndTheRedisEventStore() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..projections.redis..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.redisson..", "io.netty..", "io.refold.eventstore.redis..")
        .check(CLASSES);
  }

  @Test
  void theEngineDependsOnThePortsAndOnNoImplementation() {
    noClasses()
        .that()
        .resideInAnyPackage("io.refold.projections", "io.refold.projections.store")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.refold.projections.redis..", "io.refold.projections.memory..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("io.refold.projections.store")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.refold.projections")
        .check(CLASSES);
    slices().matching("io.refold.projections.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void publicExceptionsShareOneRoot() {
    classes()
        .that()
        .areAssignableTo(RuntimeException.class)
        .and()
        .haveModifier(JavaModifier.PUBLIC)
        .should()
        .beAssignableTo(ProjectionException.class)
        .check(CLASSES);
  }
}
