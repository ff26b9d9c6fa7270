package io.refold.projections.reactions;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.Category;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.Await;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.EventParkedException;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.Shop.NoteEvent;
import io.refold.projections.Shop.Noted;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.StartAt;
import io.refold.projections.store.Lease;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What reactions do: in order per aggregate, at least once. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ReactionContract {
  private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private ProjectionStore store;

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  @BeforeEach
  void open() {
    store = store();
  }

  private EventStore events() {
    return store.events();
  }

  private Reaction reaction(StartAt start) {
    return reaction(start, (recorded, cause) -> seen.add(recorded.id() + recorded.version()));
  }

  private static Reaction reaction(StartAt start, Reaction.Handler<OrderEvent> handler) {
    return Reaction.named("effects", start).on(Shop.ORDERS, handler).build();
  }

  private void run(Reaction reaction) {
    run(store, reaction);
  }

  private static void run(ProjectionStore store, Reaction reaction) {
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      workers.runUntilIdle();
    }
  }

  private long lag(Reaction reaction) {
    return store.status(reaction).lag();
  }

  // ---- where it starts

  @Test
  void fromZeroEveryEventIsHandledOnceInOrder() {
    append(events(), "a", new Placed("x"), new Paid(1));
    append(events(), "a", new Paid(2));
    run(reaction(StartAt.zero()));
    append(events(), "a", new Paid(3));
    run(reaction(StartAt.zero()));
    assertThat(seen).containsExactly("a1", "a2", "a3", "a4");
    assertThat(lag(reaction(StartAt.zero()))).isZero();
  }

  @Test
  void fromNowOnlyWhatIsAppendedAfterTheFirstStartIsHandled() {
    append(events(), "a", new Placed("x"), new Paid(1));
    run(reaction(StartAt.now()));
    assertThat(lag(reaction(StartAt.now()))).isZero();
    append(events(), "a", new Paid(2), new Paid(3));
    assertThat(lag(reaction(StartAt.now()))).isEqualTo(2);
    run(reaction(StartAt.now()));
    assertThat(seen).containsExactly("a3", "a4");
    assertThat(lag(reaction(StartAt.now()))).isZero();
  }

  @Test
  void whatIsAppendedOnceTheWorkersHaveStartedIsHandled() {
    append(events(), "a", new Placed("x"));
    try (var workers = ProjectionWorkers.on(store).add(reaction(StartAt.now())).start()) {
      append(events(), "a", new Paid(2));
      Await.until(workers.name() + " handles it", () -> !seen.isEmpty());
      assertThat(seen).containsExactly("a2");
    }
  }

  @Test
  void fromATimeWhatWasRecordedThenOrLaterIsHandled() {
    for (int i = 1; i <= 9; i++) {
      Instant before = append(events(), "a", new Paid(i), new Paid(i)).recordedAt();
      Await.until("the clock goes on", () -> Instant.now().isAfter(before.plusMillis(2)));
    }
    List<Recorded<OrderEvent>> all = events().history(Shop.ORDERS, "a").toList();
    Instant fifth = all.get(8).recordedAt();
    Reaction exactly = reaction(StartAt.time(fifth));
    run(exactly);
    assertThat(seen).containsExactlyElementsOf(names("a", 9, 18));
    assertThat(lag(exactly)).isZero();

    seen.clear();
    var later =
        Reaction.named("later", StartAt.time(fifth.plusNanos(1_000)))
            .on(Shop.ORDERS, (recorded, cause) -> seen.add(recorded.id() + recorded.version()))
            .build();
    run(later);
    assertThat(seen).containsExactlyElementsOf(names("a", 11, 18));
    assertThat(lag(later)).isZero();
  }

  private static List<String> names(String id, long first, long last) {
    return LongStream.rangeClosed(first, last).mapToObj(version -> id + version).toList();
  }

  @Test
  void newCodeGoesOnWhereTheOldCodeWasWhereverItSaysItStarts() {
    append(events(), "a", new Placed("x"));
    run(reaction(StartAt.zero()));
    append(events(), "a", new Paid(1));
    var other = new ArrayList<String>();
    var changed =
        Reaction.named("effects", StartAt.now())
            .on(Shop.ORDERS, (recorded, cause) -> other.add(cause.key()))
            .on(Shop.NOTES, (recorded, cause) -> other.add(cause.key()))
            .build();
    run(changed);
    assertThat(seen).containsExactly("a1");
    assertThat(other).containsExactly("effects:order:a/2");
    assertThat(store.status(changed).generation()).hasValue(1);
  }

  @Test
  void noRebuildRunsIt() {
    append(events(), "a", new Placed("x"));
    Reaction reaction = reaction(StartAt.zero());
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      workers.runUntilIdle();
      assertThatThrownBy(() -> workers.rebuild(reaction))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'effects' is a reaction, no rebuild runs it");
    }
    try (var workers = ProjectionWorkers.on(store).add(reaction).start()) {
      assertThatThrownBy(() -> workers.rebuild(reaction))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no rebuild runs it");
    }
    assertThat(seen).containsExactly("a1");
  }

  // ---- at least once

  @Test
  void afterACrashOnlyTheAppendUnderWayIsRepeatedWithTheSameKey() {
    for (int i = 1; i <= 5; i++) {
      append(events(), "a", new Paid(i), new Paid(i));
    }
    Reaction reaction =
        reaction(
            StartAt.zero(),
            (recorded, cause) -> seen.add(cause.key() + " " + cause.commandId("x")));
    var dying = new DyingStore(store, Set.of("settle"), 3, false);
    assertThatThrownBy(() -> run(dying, reaction)).isInstanceOf(StoreUnavailableException.class);
    assertThat(seen).hasSize(6);
    run(reaction);
    List<String> all = List.copyOf(seen);
    assertThat(all).hasSize(12);
    assertThat(all.subList(6, 8)).isEqualTo(all.subList(4, 6));
    assertThat(Set.copyOf(all)).hasSize(10);
    assertThat(all.getFirst()).startsWith("effects:order:a/1 ");
  }

  @Test
  void inTheSameProcessWhatWasHandledIsNotRepeated() {
    note("a");
    append(events(), "a", new Paid(1), new Paid(2));
    var failures = new AtomicInteger(2);
    Reaction reaction =
        reaction(
            StartAt.zero(),
            (recorded, cause) -> {
              seen.add(recorded.id() + recorded.version());
              if (recorded.version() == 2 && failures.getAndDecrement() > 0) {
                throw new IllegalStateException("not yet");
              }
            });
    try (var workers =
        ProjectionWorkers.on(store).add(reaction).lease(Duration.ofSeconds(2)).start()) {
      Await.until(workers.name() + " has it", () -> seen.size() == 4 && lag(reaction) == 0);
    }
    assertThat(seen).containsExactly("a1", "a2", "a2", "a2");
  }

  /** Something that the reaction does not want, in the same partition. */
  private void note(String id) {
    Shop.position(
        events().append(Append.of(Shop.NOTES, id, ExpectedVersion.any(), List.of(new Noted("x")))));
  }

  @Test
  void aCommandSentToAnotherAggregateIsDoneOnce() {
    append(events(), "a", new Placed("x"), new Paid(1));
    var notes = CommandHandler.on(events(), Shop.NOTES, new Dunning.Notes()).build();
    Reaction reaction =
        reaction(
            StartAt.zero(),
            (recorded, cause) -> {
              seen.add(cause.key());
              var text = "note on " + recorded.version();
              notes.handle("n", new Dunning.Act.Note(text), cause.options("one"));
              notes.handle("n", new Dunning.Act.Note(text), cause.options("two"));
            });
    var dying = new DyingStore(store, Set.of("settle"), 1, false);
    assertThatThrownBy(() -> run(dying, reaction)).isInstanceOf(StoreUnavailableException.class);
    run(reaction);
    assertThat(seen).hasSize(4);
    List<NoteEvent> written = events().history(Shop.NOTES, "n").map(Recorded::event).toList();
    assertThat(written)
        .containsExactly(
            new Noted("note on 1"),
            new Noted("note on 1"),
            new Noted("note on 2"),
            new Noted("note on 2"));
  }

  // ---- failures

  @Test
  void aFailingEventIsParkedWithWhatFollowsItAndTheRestGoesOn() {
    append(events(), "a", new Placed("x"));
    append(events(), "a", new Paid(-1));
    append(events(), "a", new Paid(1));
    append(events(), "a/other", new Paid(2));
    var bad = new AtomicInteger(-1);
    Reaction reaction =
        reaction(
            StartAt.zero(),
            (recorded, cause) -> {
              if (recorded.event() instanceof Paid(var cents) && cents == bad.get()) {
                throw new IllegalStateException("no such payment");
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(EventParkedException.class)
          .hasMessageContaining("no such payment");
      assertThat(seen).containsExactly("a1", "a/other1");
      assertThat(store.parked(reaction).list()).hasSize(1);
      bad.set(-2);
      store.parked(reaction).retryAll();
      workers.runUntilIdle();
      append(events(), "a", new Paid(5));
      workers.runUntilIdle();
      assertThat(seen).containsExactly("a1", "a/other1", "a2", "a3", "a4");
      assertThat(store.parked(reaction).list()).isEmpty();
    }
  }

  @Test
  void anInterruptedHandlerHasFailedAndItsThreadGoesOn() {
    append(events(), "a", new Placed("x"));
    append(events(), "b", new Placed("y"));
    Reaction reaction =
        reaction(
            StartAt.zero(),
            (recorded, cause) -> {
              if (recorded.id().equals("a")) {
                Thread.currentThread().interrupt();
                throw new InterruptedException("took too long");
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = ProjectionWorkers.on(store).add(reaction).attempts(2).start()) {
      Await.until(workers.name() + " parks", () -> store.parked(reaction).list().size() == 1);
      append(events(), "b", new Paid(1));
      Await.until("the rest goes on", () -> seen.size() == 2);
    }
    assertThat(store.parked(reaction).list().getFirst().error()).contains("took too long");
    assertThat(seen).containsExactly("b1", "b2");
  }

  @Test
  void aSystemThatIsAwayIsWaitedForAndNothingIsParked() {
    append(events(), "a", new Placed("x"));
    var away = new AtomicInteger(7);
    Reaction reaction =
        reaction(
            StartAt.zero(),
            (recorded, cause) -> {
              if (away.getAndDecrement() > 0) {
                throw new StoreUnavailableException("the mail server is away", null);
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = ProjectionWorkers.on(store).add(reaction).attempts(2).start()) {
      Await.until(workers.name() + " handles it", () -> !seen.isEmpty());
    }
    assertThat(seen).containsExactly("a1");
    assertThat(store.parked(reaction).list()).isEmpty();
  }

  @Test
  void aSystemThatIsAwayDuringARetryHasNothingRepeated() {
    append(events(), "a", new Placed("x"), new Paid(1), new Paid(2));
    var broken = new AtomicBoolean(true);
    var away = new AtomicInteger(4);
    Reaction reaction =
        reaction(
            StartAt.zero(),
            (recorded, cause) -> {
              if (broken.get()) {
                throw new IllegalStateException("no such mailbox");
              }
              if (recorded.version() == 3 && away.getAndDecrement() > 0) {
                throw new StoreUnavailableException("the mail server is away", null);
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      broken.set(false);
      store.parked(reaction).retryAll();
      for (int i = 0; i < 4; i++) {
        assertThatThrownBy(workers::runUntilIdle).isInstanceOf(StoreUnavailableException.class);
        assertThat(store.parked(reaction).list())
            .singleElement()
            .matches(waits -> waits.version() == 3 && waits.error().contains("no such mailbox"));
      }
      workers.runUntilIdle();
    }
    assertThat(seen).containsExactly("a1", "a2", "a3");
    assertThat(store.parked(reaction).list()).isEmpty();
  }

  @Test
  void aPartitionThatFailsEachTimeItIsTakenOverIsTakenOverLessAndLessOften() {
    append(events(), "a", new Placed("x"));
    int partition = events().partitionOf(Shop.ORDERS.stream("a"));
    var times = new ConcurrentLinkedQueue<Long>();
    ProjectionStore strange =
        TellingStore.of(
            store,
            (method, args) -> {
              if (method.equals("pending") && ((Lease) args[0]).partition() == partition) {
                times.add(System.nanoTime());
                if (times.size() < 7) {
                  throw new IllegalStateException("nobody knows why");
                }
              }
            });
    Reaction reaction = reaction(StartAt.zero());
    run(reaction); // handed over to the group
    seen.clear();
    append(events(), "a", new Paid(1));
    try (var workers = ProjectionWorkers.on(strange).add(reaction).start()) {
      Await.until(workers.name() + " handles it", () -> !seen.isEmpty());
    }
    List<Long> all = List.copyOf(times);
    assertThat(Duration.ofNanos(all.get(6) - all.getFirst()))
        .isGreaterThanOrEqualTo(Duration.ofMillis(25 + 50 + 100 + 200 + 400 + 800));
    assertThat(seen).containsExactly("a2");
  }

  @Test
  void aTimeThatHasNotComeIsNoStart() {
    append(events(), "a", new Placed("x"));
    Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
    Reaction reaction = reaction(StartAt.time(tomorrow));
    assertThatThrownBy(() -> ProjectionWorkers.on(store).add(reaction).start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(tomorrow.toString())
        .hasMessageContaining("StartAt.now()");
    run(reaction(StartAt.zero()));
    assertThat(seen).containsExactly("a1");
    try (var workers = ProjectionWorkers.on(store).add(reaction).start()) {
      append(events(), "a", new Paid(1));
      Await.until(workers.name() + " goes on", () -> seen.size() == 2);
    }
  }

  @Test
  void noTwoEventsShareAKeyWhateverSlashesAreInNames() {
    var one = Category.of("b/c", EventCodec.json(NoteEvent.class));
    var other = Category.of("c", EventCodec.json(NoteEvent.class));
    var keys = new ArrayList<String>();
    for (var category : List.of(one, other)) {
      events().append(Append.of(category, "d", ExpectedVersion.any(), List.of(new Noted("x"))));
      var cause =
          new Cause(
              category.equals(one) ? "a" : "a/b",
              events().read(category.stream("d"), 0, 1).getFirst(),
              0);
      keys.add(cause.key());
    }
    assertThat(keys).containsExactly("a:b/c:d/1", "a/b:c:d/1");
  }

  // ---- sharing the work

  @Test
  void twoProcessesShareTheWorkAndHandleEachEventOnceInOrder() {
    var handled = new ConcurrentLinkedQueue<Recorded<OrderEvent>>();
    Reaction reaction = reaction(StartAt.zero(), (recorded, cause) -> handled.add(recorded));
    try (var one = ProjectionWorkers.on(store).add(reaction).lease(Duration.ofSeconds(2)).start();
        var two = ProjectionWorkers.on(store).add(reaction).lease(Duration.ofSeconds(2)).start()) {
      for (int round = 0; round < 5; round++) {
        for (int order = 0; order < 20; order++) {
          events()
              .append(
                  Append.of(
                      Shop.ORDERS,
                      "o" + order,
                      ExpectedVersion.any(),
                      List.of(new Paid(round), new Paid(round))));
        }
      }
      Await.until(one.name() + two.name() + " handle all", () -> handled.size() >= 200);
      Await.until("all is settled", () -> lag(reaction) == 0);
    }
    for (int order = 0; order < 20; order++) {
      String id = "o" + order;
      assertThat(handled.stream().filter(r -> r.id().equals(id)).map(Recorded::version))
          .containsExactlyElementsOf(LongStream.rangeClosed(1, 10).boxed().toList());
    }
  }

  @Test
  void misuseIsRefusedAtOnce() {
    assertThatThrownBy(() -> Reaction.named("a:b", StartAt.now()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Reaction.named("a", StartAt.now()).build())
        .hasMessageContaining("needs a category");
    assertThatThrownBy(() ->
            Reaction.named("a", StartAt.now())
                .on(Shop.NOTES, (recorded, cause) -> {})
                .on(Shop.NOTES, (recorded, cause) -> {}))
        .hasMessageContaining("handles category 'note' already");
  }
}
