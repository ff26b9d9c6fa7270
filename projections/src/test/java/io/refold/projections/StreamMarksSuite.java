package io.refold.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Category;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** What the suites about marks in streams have in common. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class StreamMarksSuite {
  @SuppressWarnings("NullAway.Init") // opened before each test
  private ProjectionStore opened;

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  @BeforeEach
  void open() {
    opened = store();
  }

  final ProjectionStore opened() {
    return opened;
  }

  final EventStore events() {
    return opened.events();
  }

  final void delete(Category<?> category, String id) {
    Shop.position(events().delete(category.stream(id), ExpectedVersion.any()));
  }

  /** Returns what is stored of the rows that readers see. */
  final Map<String, String> json(Projection<?> projection) {
    Layout live = opened.generations().look(projection.name(), 1).live().orElseThrow();
    var span = new Views.Span(null, "-", "+", false, 10_000);
    var json = new TreeMap<String, String>();
    opened
        .views()
        .select(live.generation(), live.shape().shards(), span)
        .orElseThrow()
        .forEach(hit -> json.put(hit.key(span), hit.json()));
    return json;
  }

  /** Applies all there is, in one process that does nothing else. */
  final void run(Projection<?> projection) {
    try (var workers = DeterministicWorkers.on(opened).add(projection)) {
      workers.runUntilIdle();
    }
  }

  final void rebuild(Projection<?> projection) {
    try (var workers = DeterministicWorkers.on(opened).add(projection)) {
      assertThat(workers.rebuild(projection).state()).isEqualTo(RebuildProgress.State.DONE);
    }
  }

  final List<LogEntry> log(String id) {
    return events().readLog(Shop.ORDERS.stream(id).partition(events().partitions()), 0, 1_000);
  }

  /** Applies entries of one partition and then "dies" before they are settled. */
  final Target.Result applyAndDie(Projection<?> projection, List<LogEntry> entries) {
    return applyAndDie(projection, SharedEvents.alone(events()), entries);
  }

  final Target.Result applyAndDie(
      Projection<?> projection, SharedEvents shared, List<LogEntry> entries) {
    Subscription projector = projector(projection, shared);
    PartitionOwner owner = owner(projector, entries.getFirst().position().partition());
    owner.step();
    try {
      return projector.apply(
          Objects.requireNonNull(owner.lease()), entries, Parking.NONE, Map.of());
    } catch (EventFailure failure) {
      throw new AssertionError(failure.reason(), failure);
    } finally {
      owner.release();
    }
  }

  final Subscription projector(Projection<?> projection, SharedEvents shared) {
    Subscriber format = new RowFormat<>(projection);
    Layout layout =
        opened.generations().open(format.name(), format.shape(opened.shards())).orElseThrow();
    GenerationKeys.of(opened, format, layout).create();
    return Subscription.of(opened, format, layout, shared);
  }

  /** Returns an owner that has the lease and is to be driven step by step. */
  static PartitionOwner owner(Subscription projector, int partition) {
    var owner =
        new PartitionOwner(
            projector, partition, "one", Duration.ofMinutes(1), new Patience(1, () -> false));
    assertThat(owner.acquire()).isInstanceOf(Acquisition.Granted.class);
    return owner;
  }
}
