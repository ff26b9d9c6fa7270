package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.Check;
import io.refold.eventstore.redis.Diagnosis;
import io.refold.eventstore.redis.Doctor;
import io.refold.eventstore.redis.Illness;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.redis.ProjectionChecks;
import io.refold.projections.redis.RedisProjectionStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of docs/guides/doctor.md does what the guide says. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DoctorGuideTest {
  private static final Path GUIDE = Path.of("..", "docs", "guides", "doctor.md");

  @Test
  void oneCallExaminesEventsAndProjections() {
    try (var redis = EmbeddedRedis.start();
        var events = RedisEventStore.connect(redis.url())) {
      var logged = new ArrayList<String>();
      var alarms = new ArrayList<String>();
      alarmed(RedisProjectionStore.on(events), logged::add, alarms::add);
      assertThat(logged).anyMatch(line -> line.startsWith("no-append-only-file: CONFIG SET"));
      assertThat(alarms).singleElement().asString().contains("no-append-only-file");
    }
  }

  private static void alarmed(
      RedisProjectionStore projections, Consumer<String> log, Consumer<String> alarm) {
    Diagnosis diagnosis = projections.doctor().examine();
    diagnosis.findings().forEach(finding -> log.accept(finding.code() + ": " + finding.remedy()));
    if (diagnosis.losesData()) {
      alarm.accept(diagnosis.toString());
    }
  }

  @Test
  void aServerWithoutStoreIsExaminedToo() {
    try (var redis = EmbeddedRedis.start("maxmemory-policy allkeys-lru")) {
      assertThat(thorough(redis.url()).toString()).contains("eviction", "no-store");
    }
  }

  private static Diagnosis thorough(String url) {
    try (Doctor doctor = Doctor.connect(url, "refold").with(ProjectionChecks.all())) {
      Diagnosis diagnosis = doctor.thorough().within(Duration.ofMinutes(10)).examine();
      return diagnosis;
    }
  }

  @Test
  void theTableHasEveryCodeWithItsSeverity() throws IOException {
    List<String> told =
        Files.readAllLines(GUIDE).stream()
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.substring(0, line.indexOf('|', line.indexOf('|', 1) + 1) + 1))
            .toList();
    List<Illness> known =
        Stream.concat(Doctor.checks().stream(), ProjectionChecks.all().stream())
            .map(Check::illnesses)
            .flatMap(List::stream)
            .toList();
    assertThat(told)
        .contains("| `not-checked` | not checked |")
        .filteredOn(line -> !line.contains("not-checked"))
        .containsExactlyInAnyOrderElementsOf(
            known.stream()
                .map(illness -> "| `%s` | %s |".formatted(illness.code(), illness.severity()))
                .toList());
  }
}
