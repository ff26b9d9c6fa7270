package io.refold.projections;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The workers of one process: they keep the rows of projections up to date until they are closed.
 * Any number of processes may run workers for the same projections; they share the partitions
 * evenly, and take over those of a process that has died within about one lease. Thread-safe.
 *
 * <p>An event that cannot be applied is tried again a few times, then it is {@linkplain
 * ProjectionStore#parked parked}, together with what follows it in its aggregate; everything else
 * goes on. A store that cannot be reached is waited for.
 *
 * <pre>{@code
 * try (var workers = ProjectionWorkers.on(store).add(balances).add(turnover).start()) {
 *   workers.rebuild(balances).await();
 * }
 * }</pre>
 */
public final class ProjectionWorkers implements AutoCloseable {
  private final ProjectionStore store;
  private final Map<String, Subscriber> subscribers;
  private final String name;
  private final Duration lease;
  private final Supervisor supervisor;
  private final List<Rebuild> rebuilds = new ArrayList<>();
  private final List<Rebuild> adopted = new ArrayList<>();
  private boolean closed;

  private ProjectionWorkers(Builder builder) {
    this.store = builder.store;
    this.subscribers = new LinkedHashMap<>(builder.subscribers);
    this.name = builder.name;
    this.lease = builder.lease;
    this.supervisor =
        new Supervisor(store, List.copyOf(subscribers.values()), name, lease, builder.attempts, this::adopt);
  }

  /** Starts to describe the workers of this process. */
  public static Builder on(ProjectionStore store) {
    return new Builder(store);
  }

  /** Describes workers; see {@link ProjectionWorkers}. Not thread-safe. */
  public static final class Builder {
    private static final Duration SHORTEST_LEASE = Duration.ofMillis(300);
    private static final Duration LONGEST_LEASE = Duration.ofMinutes(10);

    private final ProjectionStore store;
    private final Map<String, Subscriber> subscribers = new LinkedHashMap<>();
    private String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    private Duration lease = Duration.ofSeconds(10);
    private int attempts = 5;

    private Builder(ProjectionStore store) {
      this.store = store;
    }

    /**
     * Adds a projection.
     *
     * @throws IllegalArgumentException if it is not valid, or one of its name is there
     */
    public Builder add(Projection<?> projection) {
      return add(new RowFormat<>(projection));
    }

    /**
     * Adds something else that is fed with events.
     *
     * @throws IllegalArgumentException if one of its name is there
     */
    public Builder add(Subscriber subscriber) {
      if (subscribers.putIfAbsent(subscriber.name(), subscriber) != null) {
        throw new IllegalArgumentException(
            "there is a projection '%s' already".formatted(subscriber.name()));
      }
      return this;
    }

    /**
     * Sets how long a process may be silent before others take its partitions over; 10 seconds
     * unless set. All processes of a projection should have the same.
     *
     * @param length 300 milliseconds to 10 minutes
     * @throws IllegalArgumentException if it is outside
     */
    public Builder lease(Duration length) {
      if (length.compareTo(SHORTEST_LEASE) < 0 || length.compareTo(LONGEST_LEASE) > 0) {
        throw new IllegalArgumentException(
            "a lease has 300 milliseconds to 10 minutes, not " + length);
      }
      lease = length;
      return this;
    }

    /**
     * Sets how often an event is tried before it is parked, with pauses that grow from 50
     * milliseconds; 5 unless set.
     *
     * @param number 1 to 100
     * @throws IllegalArgumentException if it is outside
     */
    public Builder attempts(int number) {
      if (number < 1 || number > 100) {
        throw new IllegalArgumentException("an event is tried 1 to 100 times, not " + number);
      }
      attempts = number;
      return this;
    }

    /**
     * Sets the name by which this process is shown as owner; its process id and a random part
     * unless set. No two processes may have the same.
     */
    public Builder name(String unique) {
      if (unique.isBlank()) {
        throw new IllegalArgumentException("a worker needs a name");
      }
      name = unique;
      return this;
    }

    /**
     * Starts the workers.
     *
     * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached
     */
    public ProjectionWorkers start() {
      var workers = new ProjectionWorkers(this);
      workers.supervisor.start();
      return workers;
    }
  }

  /** Returns the name by which this process is shown as owner. */
  public String name() {
    return name;
  }

  /**
   * Starts to fill the projection's rows afresh from the first event. Readers see the old rows,
   * kept up to date, until the new ones have caught up, and then those, in one step. If a process
   * that coordinated a rebuild of it has died, another one goes on with it by itself, or this call
   * does.
   *
   * @throws IllegalArgumentException if the projection was not added to these workers, or is a
   *     reaction
   * @throws RebuildRunningException if a rebuild of it is under way
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached
   */
  public Rebuild rebuild(Projection<?> projection) {
    return rebuild(projection.name());
  }

  /** Starts to make afresh what a subscriber makes, as {@link #rebuild(Projection)} does. */
  public Rebuild rebuild(Subscriber subscriber) {
    return rebuild(subscriber.name());
  }

  private Rebuild rebuild(String projection) {
    Subscriber format = subscribers.get(projection);
    if (format == null) {
      throw new IllegalArgumentException(
          "projection '%s' was not added to these workers".formatted(projection));
    }
    if (format.start().isPresent()) {
      throw new IllegalArgumentException(
          "'%s' is a reaction, no rebuild runs it: what its events have done would be done again"
              .formatted(projection));
    }
    synchronized (rebuilds) {
      adopted.removeIf(earlier -> !earlier.running());
      for (Rebuild earlier : adopted) {
        if (earlier.projection().equals(format.name())) {
          return earlier;
        }
      }
      Rebuild rebuild = started(RebuildRun.start(store, format, name, lease));
      supervisor.look();
      return rebuild;
    }
  }

  private Rebuild started(RebuildRun run) {
    if (closed) {
      run.handBack();
      throw new IllegalStateException("these workers are closed");
    }
    var rebuild = new Rebuild(run);
    rebuilds.removeIf(earlier -> !earlier.running());
    rebuilds.add(rebuild);
    rebuild.start();
    return rebuild;
  }

  /** Goes on with a rebuild whose coordinator has not been seen for its lease. */
  private void adopt(Subscriber format) {
    synchronized (rebuilds) {
      boolean ours =
          rebuilds.stream().anyMatch(r -> r.running() && r.projection().equals(format.name()));
      if (!ours && !closed) {
        RebuildRun.resume(store, format, name, lease).ifPresent(run -> adopted.add(started(run)));
      }
    }
  }

  /**
   * Returns how far every projection of these workers is, in all processes.
   *
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be read now
   */
  public List<ProjectionStatus> status() {
    return subscribers.values().stream().map(store::status).toList();
  }

  /**
   * Stops the workers: each finishes the batch it is working on and gives its partition back.
   * Returns when they have. A rebuild that this process coordinates is left to the other processes:
   * one of them goes on with it.
   */
  @Override
  public void close() {
    List<Rebuild> left;
    synchronized (rebuilds) {
      closed = true;
      left = List.copyOf(rebuilds);
    }
    left.forEach(Rebuild::abandon);
    left.forEach(Rebuild::stopped);
    supervisor.close();
  }
}
