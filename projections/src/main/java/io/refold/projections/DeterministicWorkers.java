package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Subscriptions.Acquisition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * The workers of {@link ProjectionWorkers} without threads: they do what there is to do when they
 * are told, in the caller's thread and always in the same order. For tests. Not thread-safe.
 *
 * <pre>{@code
 * var store = InMemoryProjectionStore.on(events);
 * try (var workers = DeterministicWorkers.on(store).add(balances)) {
 *   workers.runUntilIdle();
 *   store.readModel(balances).find("alice");
 * }
 * }</pre>
 */
public final class DeterministicWorkers implements AutoCloseable {
  private static final Duration LEASE = Duration.ofSeconds(10);

  private final ProjectionStore store;
  private final String name = "deterministic-" + UUID.randomUUID();
  private final Map<String, Subscriber> projections = new LinkedHashMap<>();
  private final Map<String, Optional<Driver>> drivers = new HashMap<>();
  private final Map<Layout, TreeMap<Integer, PartitionOwner>> owners = new HashMap<>();

  private DeterministicWorkers(ProjectionStore store) {
    this.store = store;
  }

  /** Returns workers for a store, without projections yet. */
  public static DeterministicWorkers on(ProjectionStore store) {
    return new DeterministicWorkers(store);
  }

  /**
   * Adds a projection.
   *
   * @throws IllegalArgumentException if the projection is not valid, or one of its name is there
   */
  public DeterministicWorkers add(Projection<?> projection) {
    return add(new RowFormat<>(projection));
  }

  /**
   * Adds something else that is fed with events.
   *
   * @throws IllegalArgumentException if one of its name is there
   */
  public DeterministicWorkers add(Subscriber subscriber) {
    if (projections.putIfAbsent(subscriber.name(), subscriber) != null) {
      throw new IllegalArgumentException(
          "there is a projection '%s' already".formatted(subscriber.name()));
    }
    return this;
  }

  /**
   * Applies all events that are there.
   *
   * @throws EventParkedException if an event cannot be applied and was parked in this call, at its
   *     first failure; everything that does not depend on it has been applied
   * @throws HistoryLostException if a log does not hold what was applied
   * @throws IllegalStateException if something of another kind has a projection's name
   */
  public void runUntilIdle() {
    var problems = new ArrayList<ProjectionException>();
    long appends;
    do { // what reacts to events may append further ones
      appends = appends();
      for (Subscriber format : projections.values()) {
        run(format, problems);
      }
    } while (problems.isEmpty() && appends() > appends);
    if (!problems.isEmpty()) {
      problems.stream().skip(1).forEach(problems.getFirst()::addSuppressed);
      throw problems.getFirst();
    }
  }

  private long appends() {
    EventStore events = store.events();
    return IntStream.range(0, events.partitions())
        .mapToLong(partition -> events.head(partition).position().sequence())
        .sum();
  }

  private void run(Subscriber format, List<ProjectionException> problems) {
    if (!drivers.containsKey(format.name())) {
      Opening.of(store, format);
      drivers.put(format.name(), format.driver(store, name, LEASE, 1));
    }
    Optional<Driver> driver = drivers.get(format.name());
    if (driver.isPresent()) {
      Opening.of(store, format).ifPresent(live -> GenerationKeys.of(store, format, live).create());
      driver.get().runUntilIdle().forEach(why -> problems.add(new EventParkedException(why)));
    } else {
      runOwners(format, problems);
    }
  }

  private void runOwners(Subscriber format, List<ProjectionException> problems) {
    Optional<Layout> live = Opening.of(store, format);
    if (live.isEmpty()) { // a new version fills its rows before anybody reads them
      RebuildRun.adopt(store, format, name, LEASE).ifPresent(run -> drive(run, format));
      live = store.generations().look(format.name(), format.version()).live();
    }
    live.ifPresent(read -> {
      GenerationKeys.of(store, format, read).create();
      run(format, read, new Patience(1, () -> true), problems);
    });
    fill(format, problems);
  }

  private void fill(Subscriber format, List<ProjectionException> problems) {
    Catalog catalog = store.generations().look(format.name(), format.version());
    boolean parking = catalog.terms().parking();
    catalog
        .rebuild()
        .filter(rebuild -> rebuild.purpose() != Purpose.RECOMPUTATION)
        .filter(rebuild -> rebuild.fresh().shape().version() == format.version())
        .filter(rebuild -> !catalog.terms().paused())
        .ifPresent(
            rebuild -> run(format, rebuild.fresh(), new Patience(1, () -> parking), problems));
  }

  private void drive(RebuildRun run, Subscriber format) {
    while (!run.progress().ended()) {
      run.step();
      fill(format, new ArrayList<>());
    }
    RuntimeException failure = run.failure();
    if (failure != null) {
      throw failure;
    }
  }

  private void run(
      Subscriber format, Layout layout, Patience patience, List<ProjectionException> problems) {
    var subscription = Subscription.of(store, format, layout, SharedEvents.alone(store.events()));
    TreeMap<Integer, PartitionOwner> mine = owners.computeIfAbsent(layout, key -> new TreeMap<>());
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      PartitionOwner owner =
          mine.computeIfAbsent(
              partition, number -> new PartitionOwner(subscription, number, name, LEASE, patience));
      run(owner).or(() -> lost(layout, owner.partition())).ifPresent(problems::add);
      owner.parked().forEach(reason -> problems.add(new EventParkedException(reason)));
    }
  }

  /** Nobody owns a partition that has lost its history. */
  private Optional<ProjectionException> lost(Layout layout, int partition) {
    return store
        .subscriptions()
        .outlook(partition, layout.generation())
        .map(outlook -> outlook.state().problem())
        .filter(problem -> problem.startsWith(PartitionOwner.LOST))
        .map(HistoryLostException::new);
  }

  private static Optional<ProjectionException> run(PartitionOwner owner) {
    boolean take = owner.lease() == null || owner.state() == PartitionState.WAITING;
    while (true) {
      if (take && !(owner.acquire() instanceof Acquisition.Granted)) {
        return Optional.empty();
      }
      take = false;
      switch (step(owner)) {
        case WORKED -> {}
        case RETAKE, DOUBTED -> take = true;
        case IDLE -> {
          if (!owner.tick()) {
            return Optional.empty();
          }
        }
        case HALTED -> {
          return Optional.of(new EventParkedException(owner.problem()));
        }
        case OVER -> {
          return owner.state() == PartitionState.LOST_HISTORY
              ? Optional.of(new HistoryLostException(owner.problem()))
              : Optional.empty();
        }
      }
    }
  }

  /** Where a store is away, what was read is read again in the next run. */
  private static PartitionOwner.Step step(PartitionOwner owner) {
    try {
      return owner.step();
    } catch (StoreUnavailableException | ReplyLostException away) {
      owner.waiting();
      throw away;
    }
  }

  /**
   * Rebuilds a projection's rows from the first event, up to the switch.
   *
   * @return how it has ended
   * @throws IllegalArgumentException if the projection was not added, or is a reaction
   * @throws RebuildRunningException if a rebuild of it is under way
   * @throws RebuildFailedException if an event cannot be applied; the rows are what they were
   */
  public RebuildProgress rebuild(Projection<?> projection) {
    return rebuild(projection.name());
  }

  /** Rebuilds what the events of the subscriber have made, as {@link #rebuild(Projection)} does. */
  public RebuildProgress rebuild(Subscriber subscriber) {
    return rebuild(subscriber.name());
  }

  private RebuildProgress rebuild(String projection) {
    Subscriber format = projections.get(projection);
    if (format == null) {
      throw new IllegalArgumentException(
          "projection '%s' was not added to these workers: add it first".formatted(projection));
    }
    if (format.start().isPresent()) {
      throw new IllegalArgumentException(
          "'%s' is a reaction, no rebuild runs it: what its events have done would be done again"
              .formatted(projection));
    }
    RebuildRun run = RebuildRun.start(store, format, null, name, LEASE);
    drive(run, format);
    owners.remove(run.generations().old());
    return run.progress();
  }

  /** Has a reaction begin anew, as {@link ProjectionWorkers#startAnew} does. */
  public List<Integer> startAnew(Subscriber reaction, StartAt at) {
    return GenerationKeys.startAnew(store, reaction, at);
  }

  /** Gives all leases back. */
  @Override
  public void close() {
    owners.values().forEach(partitions -> partitions.values().forEach(PartitionOwner::release));
    owners.clear();
    drivers.values().forEach(driver -> driver.ifPresent(Driver::close));
  }
}
