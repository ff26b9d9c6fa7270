package io.refold.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.Baton.Fate;
import io.refold.projections.Chronicle.Seen;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.StoryProcess.Goal;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Subscriptions.Reading;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Plays moves on an empty store, lets everything come to rest, and checks every promise. */
final class ReadSideStory {
  static final int PROCESSES = 3;
  private static final int ENTRIES = 3;
  private static final int ROUNDS = 60;
  private static final int STEPS = 2_000;
  private static final Duration STEALING = Duration.ofNanos(1_000);
  private static final Duration KEEPING = Duration.ofMinutes(10);

  /** What a story is made of. Processes, partitions and streams are numbers or names. */
  sealed interface Move {
    record Write(String stream, List<Long> cents) implements Move {}

    record Delete(String stream) implements Move {}

    /** From now on payments of 13 cents fail, or not. */
    record Refuse(boolean refused) implements Move {}

    record Retry(int which) implements Move {}

    record Drop(int which) implements Move {}

    /** A shard of the generation that is read loses its rows, as in a failover to a replica. */
    record Lose(int shard) implements Move {}

    /**
     * A process goes on by some calls, but not beyond where it stands before one of this name; if
     * it has nothing to do, it begins this.
     */
    record Go(int process, Job job, int calls, String before) implements Move {}

    /** A process goes on by one call, which goes wrong. */
    record Fail(int process, Fate fate) implements Move {}

    /** A call arrives that was made earlier. */
    record Arrive() implements Move {}

    record Read() implements Move {}
  }

  /** What a process does. */
  sealed interface Job {
    record Work(boolean fresh, int partition, boolean take) implements Job {}

    /** Goes on with what it coordinates; if that is nothing, begins this or does nothing. */
    record Coordinate(Goal goal, boolean begins) implements Job {}

    record Cancel() implements Job {}

    record Sweep() implements Job {}
  }

  private record Actor(Baton baton, StoryProcess process) {}

  private final ProjectionStore store;
  private final Chronicle chronicle;
  private final Subscriber format;
  private final List<Actor> actors = new ArrayList<>();
  private final Deque<GatedStore.Call> late = new ArrayDeque<>();
  private final Map<String, Long> versions = new TreeMap<>();
  private final Set<String> deleted = new HashSet<>();
  private final Set<EventAddress> askedToDrop = new HashSet<>();
  private final boolean steady;
  private Map<String, Long> read = Map.of();
  private int names;

  ReadSideStory(ProjectionStore store, Chronicle chronicle, List<Move> moves) {
    this.store = store;
    this.chronicle = chronicle;
    this.format = new RowFormat<>(chronicle);
    this.steady = moves.stream().noneMatch(ReadSideStory::takesAway);
    Layout live =
        store.generations().open(format.name(), format.shape(store.shards())).orElseThrow();
    GenerationKeys.of(store, format, live).create();
    for (int i = 0; i < PROCESSES; i++) {
      actors.add(hired());
    }
  }

  /** Tells whether rows may have less after it, for good reasons. */
  private static boolean takesAway(Move move) {
    return switch (move) {
      case Move.Delete delete -> true;
      case Move.Lose lose -> true;
      case Move.Write(String stream, List<Long> cents) ->
          cents.contains(13L) || cents.contains(17L);
      case Move.Refuse r -> false;
      case Move.Retry r -> false;
      case Move.Drop d -> false;
      case Move.Go g -> false;
      case Move.Fail f -> false;
      case Move.Arrive a -> false;
      case Move.Read r -> false;
    };
  }

  private Actor hired() {
    var baton = new Baton(late);
    String name = "process-" + names++;
    return new Actor(
        baton,
        new StoryProcess(
            GatedStore.of(store, baton::pass, ENTRIES),
            chronicle,
            name,
            STEALING,
            1 + names % 2,
            this::verified));
  }

  /** Plays the moves, and checks. */
  void play(List<Move> moves) {
    try {
      moves.forEach(this::play);
      for (Actor actor : actors) {
        for (int i = 0; actor.baton().running(); i++) {
          assertThat(i).as("calls of a job").isLessThan(STEPS);
          actor.baton().goOn(Fate.FINE);
        }
      }
    } finally {
      actors.forEach(actor -> {
        if (actor.baton().running()) {
          actor.baton().goOn(Fate.DEATH);
        }
      });
    }
    while (!late.isEmpty()) {
      arrive();
    }
    chronicle.mend();
    check(rest());
  }

  private void play(Move move) {
    switch (move) {
      case Move.Write(String stream, List<Long> cents) -> write(stream, cents);
      case Move.Delete(String stream) -> {
        if (versions.containsKey(stream) && deleted.add(stream)) {
          store.events().delete(Shop.ORDERS.stream(stream), ExpectedVersion.any());
        }
      }
      case Move.Refuse(boolean refused) -> chronicle.refuse(refused);
      case Move.Retry(int which) -> {
        List<ParkedStream> parked = parked();
        if (!parked.isEmpty()) {
          store.parked(chronicle).retry(parked.get(which % parked.size()).stream());
        }
      }
      case Move.Drop(int which) -> {
        List<ParkedStream> parked = parked();
        if (!parked.isEmpty()) {
          drop(parked.get(which % parked.size()));
        }
      }
      case Move.Lose(int shard) -> {
        Layout live = store.generations().look(format.name(), 1).live().orElseThrow();
        store.views().delete(live.generation(), shard % store.shards(), live.shape().indexes());
        store.views().create(live.generation(), shard % store.shards());
      }
      case Move.Go(int process, Job job, int calls, String before) -> {
        Actor actor = actors.get(process);
        boolean goesOn = true;
        for (int i = 0; i < calls && goesOn; i++) {
          if (!actor.baton().running()) {
            actor.baton().begin(() -> run(actor.process(), job));
          }
          if (actor.baton().running()) {
            actor.baton().goOn(Fate.FINE);
          }
          goesOn =
              actor.baton().running()
                  ? !actor.baton().before().equals(before)
                  : actor.baton().useful();
        }
      }
      case Move.Fail(int process, Fate fate) -> {
        Actor actor = actors.get(process);
        if (actor.baton().running()) {
          actor.baton().goOn(fate);
        }
        if (fate == Fate.DEATH || fate == Fate.LAST_WORDS) {
          actors.set(process, hired());
        }
      }
      case Move.Arrive arrive -> arrive();
      case Move.Read look -> look();
    }
  }

  private List<ParkedStream> parked() {
    return store.parked(chronicle).list();
  }

  private void write(String stream, List<Long> cents) {
    if (!deleted.contains(stream)) {
      List<OrderEvent> events = cents.stream().map(sum -> (OrderEvent) new Paid(sum)).toList();
      Shop.position(
          store.events().append(Append.of(Shop.ORDERS, stream, ExpectedVersion.any(), events)));
      versions.merge(stream, (long) cents.size(), Long::sum);
    }
  }

  private void drop(ParkedStream parked) {
    try {
      store.parked(chronicle).drop(parked, "a story");
      askedToDrop.add(new EventAddress(parked.stream(), parked.version()));
    } catch (IllegalArgumentException retried) {
      assertThat(retried).hasMessageContaining("is being retried");
    }
  }

  private static boolean run(StoryProcess process, Job job) {
    try {
      return switch (job) {
        case Job.Work(boolean fresh, int partition, boolean take) ->
            process.work(fresh, partition, take);
        case Job.Coordinate(Goal goal, boolean begins) -> process.coordinate(goal, begins);
        case Job.Cancel cancel -> process.cancel();
        case Job.Sweep sweep -> process.sweep(false);
      };
    } catch (StoreUnavailableException | ReplyLostException away) {
      return true; // the next job finds what was done
    }
  }

  @SuppressWarnings("CatchFail") // a port declares nothing else
  private void arrive() {
    GatedStore.Call call = late.poll();
    try {
      if (call != null) {
        call.make();
      }
    } catch (Throwable e) {
      throw new AssertionError("a late call fails", e);
    }
  }

  /** What is in the rows at any time is in order, once, and does not become less. */
  private void look() {
    var counts = new HashMap<String, Long>();
    for (Seen row : Shop.rows(store.readModel(chronicle)).values()) {
      row.versions()
          .forEach((stream, seen) -> {
            List<Long> due =
                LongStream.rangeClosed(1, seen.isEmpty() ? 0 : Collections.max(seen))
                    .boxed()
                    .filter(version -> seen.contains(version) || !asked(stream, version))
                    .toList();
            assertThat(seen).as("versions of %s in a row", stream).isEqualTo(due);
            counts.merge(stream, (long) seen.size(), Long::sum);
          });
    }
    if (steady) {
      read.forEach((stream, before) ->
          assertThat(counts.getOrDefault(stream, 0L)).as(stream).isGreaterThanOrEqualTo(before));
    }
    read = counts;
  }

  private boolean asked(String stream, long version) {
    return askedToDrop.contains(new EventAddress(Shop.ORDERS.stream(stream), version));
  }

  private void verified(Verification found) {
    if (steady) {
      assertThat(found.clean()).as("%s", found).isTrue();
    }
  }

  /** Lets a last process do everything there is to do; returns it. */
  private StoryProcess rest() {
    var last = new StoryProcess(store, chronicle, "last", KEEPING, 1, this::verified);
    for (int i = 0; i == 0 || (i < ROUNDS && !atRest()); i++) { // it takes over once at least
      for (int j = 0; j < 4; j++) {
        last.coordinate(Goal.ADOPTION, true);
      }
      last.sweep(true);
      store.parked(chronicle).retryAll();
      workOff(last);
    }
    assertThat(atRest()).as("at rest: %s", store.status(chronicle)).isTrue();
    return last;
  }

  private void workOff(StoryProcess last) {
    for (boolean fresh : List.of(false, true)) {
      for (int partition = 0; partition < store.events().partitions(); partition++) {
        for (int i = 0; last.work(fresh, partition, true); i++) {
          assertThat(i).as("steps in partition %d", partition).isLessThan(STEPS);
        }
      }
    }
  }

  private boolean atRest() {
    var catalog = store.generations().look(format.name(), 1);
    return catalog.rebuild().isEmpty()
        && catalog.gone().isEmpty()
        && parked().isEmpty()
        && store.status(chronicle).lag() == 0;
  }

  private void check(StoryProcess last) {
    var dropped =
        store.parked(chronicle).dropped().stream()
            .map(DroppedEvent::event)
            .collect(Collectors.toSet());
    assertThat(askedToDrop).as("asked to be dropped").containsAll(dropped);
    assertThat(rows()).isEqualTo(expected(dropped));
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      assertAcknowledged(partition);
    }
    var found = new ArrayList<Verification>();
    var verifier = new StoryProcess(store, chronicle, "verifier", KEEPING, 1, found::add);
    for (int i = 0; i < ROUNDS && found.isEmpty(); i++) {
      verifier.coordinate(Goal.VERIFICATION, true);
      workOff(last);
    }
    assertThat(found).as("verifications").hasSize(1);
    assertThat(found.getFirst().clean()).as("%s", found).isTrue();
  }

  /** Nothing that is applied is delivered again. */
  private void assertAcknowledged(int partition) {
    Layout live = store.generations().look(format.name(), 1).live().orElseThrow();
    var subscriptions = store.subscriptions();
    assertThat(subscriptions.acquire(live.generation(), partition, "onlooker", STEALING, 0))
        .isInstanceOfSatisfying(
            Acquisition.Granted.class,
            granted ->
                assertThat(
                        subscriptions.pending(granted.lease(), Position.origin(partition), ENTRIES))
                    .isInstanceOfSatisfying(
                        Reading.Entries.class,
                        reading -> assertThat(reading.entries()).as("not acknowledged").isEmpty()));
  }

  private Map<String, Map<String, List<Long>>> rows() {
    var rows = new TreeMap<String, Map<String, List<Long>>>();
    Shop.rows(store.readModel(chronicle)).forEach((key, row) -> rows.put(key, row.versions()));
    return rows;
  }

  /** What the rows say where every event was applied once, in order. */
  private Map<String, Map<String, List<Long>>> expected(Set<EventAddress> dropped) {
    var rows = new TreeMap<String, Map<String, List<Long>>>();
    versions.forEach((stream, last) -> {
      List<Long> applied =
          LongStream.rangeClosed(1, last)
              .boxed()
              .filter(v -> !dropped.contains(new EventAddress(Shop.ORDERS.stream(stream), v)))
              .toList();
      if (!applied.isEmpty() && !deleted.contains(stream)) {
        for (String key : chronicle.keys(stream)) {
          rows.computeIfAbsent(key, row -> new TreeMap<>()).put(stream, applied);
        }
      }
    });
    return rows;
  }
}
