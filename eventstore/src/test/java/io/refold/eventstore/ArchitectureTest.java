package io.refold.eventstore;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.refold.eventstore");

  @Test
  void onlyTheRedisPackageSeesRedissonAndNetty() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..redis..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.redisson..", "io.netty..")
        .check(CLASSES);
  }

  @Test
  void theRedisPackageDependsOnItsParentAndNeverBack() {
    noClasses()
        .that()
        .resideInAPackage("io.refold.eventstore")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.refold.eventstore.*..")
        .check(CLASSES);
    slices().matching("io.refold.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void exceptionsShareOneRoot() {
    classes()
        .that()
        .areAssignableTo(Throwable.class)
        .and()
        .arePublic()
        .should()
        .beAssignableTo(EventStoreException.class)
        .check(CLASSES);
  }
}
