package io.refold.sample.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.DeciderScenario;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.sample.fine.Activity;
import io.refold.sample.fine.FineCommand;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.load.FineHistory;
import io.refold.sample.load.FineImport;
import io.refold.sample.load.ImportResult;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FineGeneratorTest {
  private static final int MANY = 5_000;

  @Test
  void theSameSeedGivesTheSameFines() {
    assertThat(histories(7, 300)).isEqualTo(histories(7, 300));
  }

  @Test
  void anotherSeedGivesOtherFines() {
    assertThat(histories(7, 300)).isNotEqualTo(histories(8, 300));
  }

  @Test
  void moreFinesBeginWithTheSameOnes() {
    assertThat(histories(7, 300).subList(0, 100)).isEqualTo(histories(7, 100));
  }

  @Test
  void everyFineHasItsOwnId() {
    assertThat(histories(1, MANY)).extracting(FineHistory::id).doesNotHaveDuplicates();
  }

  @Test
  void theDomainRefusesNothing() {
    for (long seed = 1; seed <= 4; seed++) {
      ImportResult result =
          new FineImport(new InMemoryEventStore()).run(new FineGenerator(seed, MANY), at -> {});

      assertThat(result.rejections()).isEmpty();
      assertThat(result.fines()).isEqualTo(MANY);
      assertThat(result.commands())
          .isEqualTo(histories(seed, MANY).stream().mapToLong(h -> h.commands().size()).sum());
    }
  }

  @Test
  void pathsAreAsFrequentAsInReality() {
    var paths =
        histories(1, MANY).stream()
            .collect(Collectors.groupingBy(FineGeneratorTest::path, Collectors.counting()));

    assertThat(paths.getOrDefault("CSNAK", 0L) / (double) MANY).isEqualTo(0.376, within(0.02));
    assertThat(paths.getOrDefault("CP", 0L) / (double) MANY).isEqualTo(0.308, within(0.02));
    assertThat(paths.getOrDefault("CS", 0L) / (double) MANY).isEqualTo(0.136, within(0.02));
    assertThat(paths).hasSizeGreaterThan(25);
  }

  @Test
  void theBooksLookAsInReality() {
    var store = new InMemoryEventStore();
    new FineImport(store).run(new FineGenerator(1, MANY), at -> {});
    var fines = CommandHandler.on(store, FineDecider.FINES, new FineDecider()).build();
    var outstanding =
        histories(1, MANY).stream()
            .mapToLong(history -> fines.load(history.id()).state().outstandingCents())
            .toArray();

    assertThat(share(outstanding, 1, Long.MAX_VALUE)).isEqualTo(0.599, within(0.03));
    assertThat(share(outstanding, 0, 0)).isEqualTo(0.393, within(0.03));
    assertThat(share(outstanding, Long.MIN_VALUE, -1)).isBetween(0.002, 0.03);
  }

  @Test
  void everyCommandCanBeRepeated() {
    for (FineHistory history : histories(3, 500)) {
      var events = new ArrayList<FineEvent>();
      for (FineCommand command : history.commands()) {
        events.add(FineDecider.eventOf(command));
        DeciderScenario.of(new FineDecider())
            .given(events.toArray(FineEvent[]::new))
            .when(command)
            .thenNothing();
      }
    }
  }

  @Test
  void noFinesIsMisuse() {
    assertThatThrownBy(() -> new FineGenerator(1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1");
  }

  private static double share(long[] values, long from, long to) {
    long within = 0;
    for (long value : values) {
      within += value >= from && value <= to ? 1 : 0;
    }
    return within / (double) values.length;
  }

  private static String path(FineHistory history) {
    return history.commands().stream()
        .map(command -> FineDecider.eventOf(command).activity())
        .map(Activity::letter)
        .map(String::valueOf)
        .collect(Collectors.joining());
  }

  private static List<FineHistory> histories(long seed, int fines) {
    var histories = new ArrayList<FineHistory>();
    new FineGenerator(seed, fines).forEach(histories::add);
    return histories;
  }
}
