package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Deadlines.Agenda;
import io.refold.projections.store.Deadlines.Deadline;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the index of deadlines does. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class DeadlinesContract {
  private static final Instant NOON = Instant.parse("2020-02-03T12:00:00.007Z");

  private final String process = "p-" + UUID.randomUUID();
  private final Deadline early = new Deadline("a/1", "say hello", 3, NOON.minusSeconds(1));
  private final Deadline noon = new Deadline("b 2", "x", 1, NOON);
  private final Deadline late = new Deadline("a/1", "x", 12, NOON.plusMillis(1));

  /** Returns a store; it may hold other tests' deadlines. */
  protected abstract ProjectionStore store();

  private Deadlines deadlines() {
    return store().deadlines();
  }

  private Agenda due(Instant now, int limit) {
    return deadlines().due(1, process, now, 0, limit);
  }

  @Test
  void whatIsDueComesInTheOrderOfTimeUpToNow() {
    deadlines().change(1, process, List.of(late, noon, early), List.of());
    assertThat(due(NOON, 10)).isEqualTo(new Agenda(List.of(early, noon), Optional.of(late.due())));
    assertThat(due(NOON.minusMillis(1), 10))
        .isEqualTo(new Agenda(List.of(early), Optional.of(NOON)));
    assertThat(due(NOON.minusSeconds(9), 10))
        .isEqualTo(new Agenda(List.of(), Optional.of(early.due())));
    assertThat(due(NOON.plusSeconds(9), 10))
        .isEqualTo(new Agenda(List.of(early, noon, late), Optional.empty()));
  }

  @Test
  void theEarliestAndTheLatestTimesAreKeptExactlyAndOthersRefused() {
    var first = new Deadline("a/1", "first", 1, Deadlines.FIRST);
    var second = new Deadline("a/1", "second", 1, Deadlines.FIRST.plusMillis(1));
    var last = new Deadline("a/1", "last", 1, Deadlines.LAST);
    var before = new Deadline("a/1", "before", 1, Deadlines.LAST.minusMillis(1));
    deadlines().change(1, process, List.of(last, second, before, first), List.of());
    assertThat(due(NOON, 10))
        .isEqualTo(new Agenda(List.of(first, second), Optional.of(before.due())));
    assertThat(due(Deadlines.LAST, 10).due()).containsExactly(first, second, before, last);
    for (Instant outside : List.of(Deadlines.LAST.plusMillis(1), Deadlines.FIRST.minusNanos(1))) {
      assertThatThrownBy(() -> new Deadline("a/1", "x", 1, outside))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("deadline 'x' of a/1");
    }
  }

  @Test
  void moreThanWasAskedForIsNext() {
    deadlines().change(1, process, List.of(late, noon, early), List.of());
    assertThat(due(NOON.plusSeconds(9), 2))
        .isEqualTo(new Agenda(List.of(early, noon), Optional.of(late.due())));
  }

  @Test
  void theFirstMayBeLeftOut() {
    deadlines().change(1, process, List.of(late, noon, early), List.of());
    assertThat(deadlines().due(1, process, NOON.plusSeconds(9), 1, 1))
        .isEqualTo(new Agenda(List.of(noon), Optional.of(late.due())));
    assertThat(deadlines().due(1, process, NOON, 2, 10))
        .isEqualTo(new Agenda(List.of(), Optional.of(late.due())));
  }

  @Test
  void thousandsComeAtOnce() {
    var many = new ArrayList<Deadline>();
    for (int i = 0; i < 9_000; i++) {
      many.add(new Deadline("i" + i, "x", 1, NOON.plusMillis(i)));
    }
    for (int from = 0; from < many.size(); from += 1_000) {
      deadlines().change(1, process, many.subList(from, from + 1_000), List.of());
    }
    assertThat(due(NOON.plusSeconds(9), 9_000).due()).isEqualTo(many);
  }

  @Test
  void onlyTheVeryOneIsRemovedAndRemovingItAgainChangesNothing() {
    deadlines().change(1, process, List.of(early, noon), List.of());
    var others =
        List.of(
            new Deadline("a/1", "say hello", 4, early.due()),
            new Deadline("a/2", "say hello", 3, early.due()),
            new Deadline("a/1", "say", 3, early.due()));
    deadlines().change(1, process, List.of(), others);
    assertThat(due(NOON, 10).due()).containsExactly(early, noon);
    deadlines().change(1, process, List.of(late), List.of(early));
    deadlines().change(1, process, List.of(), List.of(early));
    assertThat(due(NOON.plusSeconds(9), 10).due()).containsExactly(noon, late);
  }

  @Test
  void addingAgainChangesNothing() {
    deadlines().change(1, process, List.of(noon), List.of());
    deadlines().change(1, process, List.of(new Deadline("b 2", "x", 1, late.due())), List.of());
    assertThat(due(late.due(), 10).due()).containsExactly(noon);
  }

  @Test
  void partitionsAndProcessesAreApart() {
    deadlines().change(1, process, List.of(noon), List.of());
    assertThat(deadlines().due(2, process, NOON, 0, 10))
        .isEqualTo(new Agenda(List.of(), Optional.empty()));
    assertThat(deadlines().due(1, process + "x", NOON, 0, 10).due()).isEmpty();
  }
}
