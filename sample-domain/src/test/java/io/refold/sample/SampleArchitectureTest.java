package io.refold.sample;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.refold.sample.views.OpenFines;
import io.refold.sample.views.Variants;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

class SampleArchitectureTest {
  private static final JavaClasses SAMPLE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.refold.sample");

  @Test
  void decidersAndProjectionsDoNoInputOrOutput() {
    noClasses()
        .that(resideInAnyPackage("..sample.fine..", "..sample.views.."))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("java.io..", "java.net..", "java.nio..", "java.util.concurrent.."))
        .check(SAMPLE);
  }

  @Test
  void decidersAndProjectionsHaveNoClock() {
    noClasses()
        .that(resideInAnyPackage("..sample.fine..", "..sample.views.."))
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(Clock.class, Thread.class)
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(LocalDate.class, "now")
        .check(SAMPLE);
  }

  @Test
  void theDomainKnowsOnlyTheWriteSidesVocabulary() {
    noClasses()
        .that(resideInAPackage("..sample.fine.."))
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.refold..")
                .and(not(resideInAnyPackage("io.refold.eventstore", "..sample.fine.."))))
        .check(SAMPLE);
  }

  @Test
  void projectionsKnowEventsAndNoStore() {
    noClasses()
        .that(resideInAPackage("..sample.views.."))
        .and(not(belongToAnyOf(OpenFines.class, Variants.class)))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("..eventstore.redis..", "..projections.redis..", "..memory.."))
        .check(SAMPLE);
  }

  @Test
  void nothingSeesRedisson() {
    noClasses().should().dependOnClassesThat(resideInAPackage("org.redisson..")).check(SAMPLE);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("io.refold.sample.(*)..").should().beFreeOfCycles().check(SAMPLE);
  }
}
