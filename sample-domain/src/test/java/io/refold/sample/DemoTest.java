package io.refold.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.FineEvent.FineCreated;
import io.refold.sample.fine.FineEvent.PaymentReceived;
import io.refold.sample.generator.FineGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole demo, on a real server, with few fines. */
class DemoTest {
  private static final int FINES = 200;

  @TempDir Path directory;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  @Test
  void theDemoEndsWellAndItsFiguresAreThoseOfTheFines() throws IOException {
    int code = run("fines", String.valueOf(FINES), "seed", "5");

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains(
            "refused: none",
            "version by version",
            "refused by the domain [",
            "totalCents must be greater than or equal to 0",
            "A decides again and gets version 3",
            "rows are the same as before the rebuild")
        .doesNotContain("FAILED");
    assertThat(code).isZero();

    JsonNode report = JsonMapper.shared().readTree(Files.readString(report()));
    List<FineEvent> events = events();
    assertThat(report.get("fines").asLong()).isEqualTo(FINES);
    assertThat(report.get("events").asLong()).isEqualTo(events.size());
    assertThat(report.get("rejected").asLong()).isZero();
    assertThat(report.get("createdCents").asLong()).isEqualTo(created(events));
    assertThat(report.get("paidCents").asLong())
        .isEqualTo(paid(events).values().stream().mapToLong(Long::longValue).sum());
    paid(events)
        .forEach((month, cents) ->
            assertThat(report.get("monthlyTakings").get(month).asLong()).isEqualTo(cents));
    var activities = new TreeMap<String, Long>();
    events.forEach(event -> activities.merge(event.activity().title(), 1L, Long::sum));
    activities.forEach((title, count) ->
        assertThat(report.get("activities").get(title).asLong()).isEqualTo(count));
    assertThat(report.get("topVariants").get(0).get("count").asLong()).isGreaterThan(FINES / 5);
    assertThat(report.get("openFines").asLong()).isBetween(1L, (long) FINES);
    assertThat(report.get("outstandingCents").asLong()).isPositive();
    assertThat(report.get("rebuild").get("events").asLong()).isPositive();
    assertThat(report.get("differingRowsAfterRebuild").asLong()).isZero();
    assertThat(report.get("redisBytes").asLong()).isGreaterThan(100L * FINES);
  }

  @Test
  void aGivenServerMayBeUsedAgainAndAgain() {
    try (var redis = EmbeddedRedis.start()) {
      assertThat(run("redis", redis.url(), "fines", "20")).isZero();
      assertThat(run("redis", redis.url(), "fines", "20")).isZero();
    }

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("yours at redis://127.0.0.1", "is in the namespace fines-")
        .containsSubsequence("refused: none", "refused: none")
        .doesNotContain("FAILED");
  }

  @Test
  void aBrokenLogEndsTheDemoWithLineAndReason() throws IOException {
    Path log =
        Files.writeString(
            directory.resolve("broken.xes"),
            """
            <log><trace>
            <string key="concept:name" value="A1"/>
            <event><string key="concept:name" value="Ship Order"/></event>
            """);

    assertThat(run("log", log.toString())).isEqualTo(1);

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("The demo failed: ", "broken.xes, line");
    assertThat(report()).doesNotExist();
  }

  @Test
  void anUnreachableServerEndsTheDemoWithAMessage() {
    assertThat(run("redis", "redis://127.0.0.1:1")).isEqualTo(1);

    assertThat(printed.toString(StandardCharsets.UTF_8)).contains("The demo failed: ", "127.0.0.1");
  }

  @Test
  void anOptionThatIsNoNumberIsNamed() {
    assertThat(run("fines", "many")).isEqualTo(1);

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("-Dfines=many is not a whole number from 1");
  }

  private int run(String... options) {
    var properties = new Properties();
    properties.setProperty("report", report().toString());
    for (int i = 0; i < options.length; i += 2) {
      properties.setProperty(options[i], options[i + 1]);
    }
    return Demo.run(properties, new PrintStream(printed, true, StandardCharsets.UTF_8));
  }

  private Path report() {
    return directory.resolve("reports").resolve("report.json");
  }

  private static List<FineEvent> events() {
    var events = new ArrayList<FineEvent>();
    new FineGenerator(5, FINES)
        .forEach(history ->
            history.commands().forEach(command -> events.add(FineDecider.eventOf(command))));
    return events;
  }

  private static long created(List<FineEvent> events) {
    return events.stream()
        .mapToLong(event -> event instanceof FineCreated fine ? fine.cents() : 0)
        .sum();
  }

  private static Map<String, Long> paid(List<FineEvent> events) {
    var months = new TreeMap<String, Long>();
    for (FineEvent event : events) {
      if (event instanceof PaymentReceived payment) {
        months.merge(payment.on().toString().substring(0, 7), payment.cents(), Long::sum);
      }
    }
    return months;
  }
}
