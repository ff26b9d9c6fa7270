package io.refold.projections;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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
  private final List<Coordination> runs = new ArrayList<>();
  private final List<Coordination> adopted = new ArrayList<>();
  private boolean closed;

  private ProjectionWorkers(Builder builder) {
    this.store = builder.store;
    this.subscribers = new LinkedHashMap<>(builder.subscribers);
    this.name = builder.name;
    this.lease = builder.lease;
    this.supervisor =
        new Supervisor(
            store,
            List.copyOf(subscribers.values()),
            name,
            lease,
            builder.attempts,
            builder.retired,
            this::adopt);
  }

  /** Starts to describe the workers of this process. */
  public static Builder on(ProjectionStore store) {
    return new Builder(store);
  }

  /** Describes workers; see {@link ProjectionWorkers}. Not thread-safe. */
  public static final class Builder {
    private static final Duration SHORTEST_LEASE = Duration.ofMillis(300);
    private static final Duration LONGEST_LEASE = Duration.ofMinutes(10);
    private static final Duration SOONEST_RETIREMENT = Duration.ofMinutes(2);

    private final ProjectionStore store;
    private final Map<String, Subscriber> subscribers = new LinkedHashMap<>();
    private String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    private Duration lease = Duration.ofSeconds(10);
    private int attempts = 5;
    private Duration retired = Duration.ofHours(1);

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
     * Sets after which time the rows of a lower version go, when nobody of that version, worker or
     * reader, has been there; an hour unless set. Until then rolling back is immediate.
     *
     * @param age 2 minutes or more
     * @throws IllegalArgumentException if it is less
     */
    public Builder retireVersionsAfter(Duration age) {
      if (age.compareTo(SOONEST_RETIREMENT) < 0) {
        throw new IllegalArgumentException(
            "rows of a lower version stay 2 minutes or more, not " + age);
      }
      retired = age;
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
     * @throws IllegalStateException if something of another kind, say a reaction, was started under
     *     the name of one of them before
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
   * <p>A version that is higher than all that are read needs no call: its workers start by
   * themselves. A lower one that has no rows any more gets them by this call only.
   *
   * @throws IllegalArgumentException if the projection was not added to these workers, or is a
   *     reaction
   * @throws RebuildRunningException if a rebuild of it, of any version, or a verification is under
   *     way
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached
   * @throws io.refold.eventstore.ReplyLostException if it may have been started: the next call goes
   *     on with it once a lease has passed, or another process does
   */
  public Rebuild rebuild(Projection<?> projection) {
    return rebuild(projection.name(), null);
  }

  /**
   * Rebuilds as {@link #rebuild(Projection)} does. One that is gone on with goes as is said here,
   * too.
   */
  public Rebuild rebuild(Projection<?> projection, RebuildOptions options) {
    return rebuild(projection.name(), options);
  }

  /** Starts to make afresh what a subscriber makes, as {@link #rebuild(Projection)} does. */
  public Rebuild rebuild(Subscriber subscriber) {
    return rebuild(subscriber.name(), null);
  }

  /** Starts to make afresh what a subscriber makes, as {@link #rebuild(Projection)} does. */
  public Rebuild rebuild(Subscriber subscriber, RebuildOptions options) {
    return rebuild(subscriber.name(), options);
  }

  /**
   * Starts to fill the rows of several projections afresh in a single pass over the history, each
   * as {@link #rebuild(Projection)} does: one that falls behind goes its own way, and each switches
   * by itself as soon as it has caught up. If one cannot be started, those started before it are
   * cancelled.
   *
   * @return a handle for each, in this order
   * @throws IllegalArgumentException if a projection was not added to these workers, or is a
   *     reaction
   * @throws RebuildRunningException if a rebuild of one is under way
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached
   */
  public List<Rebuild> rebuild(Projection<?> first, Projection<?> second, Projection<?>... more) {
    var names = new ArrayList<>(List.of(first.name(), second.name()));
    for (Projection<?> another : more) {
      names.add(another.name());
    }
    return rebuild(names);
  }

  /**
   * Starts to make afresh what several projections and subscribers make, given by their names, in a
   * single pass over the history, as {@link #rebuild(Projection, Projection, Projection...)} does.
   */
  public List<Rebuild> rebuild(Collection<String> names) {
    return together(names, null);
  }

  /**
   * Starts to make afresh what several projections and subscribers make, given by their names, as
   * {@link #rebuild(Collection)} does. All of them go as is said here; a limit holds for each by
   * itself, so for the single pass, too.
   */
  public List<Rebuild> rebuild(Collection<String> names, RebuildOptions options) {
    return together(names, options);
  }

  private List<Rebuild> together(Collection<String> names, @Nullable RebuildOptions options) {
    List<Rebuild> started =
        supervisor.together(() -> {
          var rebuilds = new ArrayList<Rebuild>();
          try {
            for (String name : new LinkedHashSet<>(names)) {
              rebuilds.add(rebuild(name, options));
            }
          } catch (RuntimeException e) {
            rebuilds.forEach(Rebuild::cancel);
            throw e;
          }
          return List.copyOf(rebuilds);
        });
    supervisor.look();
    return started;
  }

  private Rebuild rebuild(String projection, @Nullable RebuildOptions options) {
    Subscriber format = subscriber(projection);
    if (format.start().isPresent()) {
      throw new IllegalArgumentException(
          "'%s' is a reaction, no rebuild runs it: what its events have done would be done again"
              .formatted(projection));
    }
    synchronized (runs) {
      adopted.removeIf(earlier -> !earlier.running());
      for (Coordination earlier : adopted) {
        if (earlier.run().projection().equals(format.name())) {
          if (options != null) {
            earlier.run().direct(now -> options.terms());
          }
          return new Rebuild(earlier);
        }
      }
      Rebuild rebuild = new Rebuild(started(RebuildRun.start(store, format, options, name, lease)));
      supervisor.look();
      return rebuild;
    }
  }

  private Subscriber subscriber(String projection) {
    Subscriber subscriber = subscribers.get(projection);
    if (subscriber == null) {
      throw new IllegalArgumentException(
          "projection '%s' was not added to these workers: add it first".formatted(projection));
    }
    return subscriber;
  }

  private Coordination started(FillingRun run) {
    if (closed) {
      run.leave();
      throw new IllegalStateException("these workers are closed");
    }
    var coordination = new Coordination(run);
    runs.removeIf(earlier -> !earlier.running());
    runs.add(coordination);
    coordination.start();
    return coordination;
  }

  /**
   * Starts to compare the projection's rows with rows folded afresh from the first event, at
   * exactly the same positions. Readers see the rows all the time; they are not brought up to date
   * while they are compared, at the end, and catch up then.
   *
   * @throws IllegalArgumentException if the projection was not added to these workers
   * @throws ReadModelMissingException if there are no rows of its version
   * @throws RebuildRunningException if a rebuild of it, of any version, or a verification is under
   *     way
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached
   */
  public Verifier verify(Projection<?> projection) {
    return verify(subscriber(projection.name()));
  }

  /**
   * Verifies a subscriber, as {@link #verify(Projection)} does.
   *
   * @throws UnsupportedOperationException if it is none of rows: what user code has written cannot
   *     be compared
   */
  public Verifier verify(Subscriber subscriber) {
    RowFormat<?> format = rows(subscriber.name());
    synchronized (runs) {
      var run = VerificationRun.start(store, format, name, lease);
      var verifier = new Verifier(started(run), run);
      supervisor.look();
      return verifier;
    }
  }

  private RowFormat<?> rows(String projection) {
    if (subscriber(projection) instanceof RowFormat<?> format) {
      return format;
    }
    throw new UnsupportedOperationException(
        "'%s' keeps no rows that the toolkit could compare or write: rebuild it instead"
            .formatted(projection));
  }

  /**
   * Makes one row anew from its events, with its places in indexes: for a row that {@link
   * #verify(Projection)} has found to differ. Everything else stays as it is. The rows are not
   * brought up to date for a moment, at the end, and catch up then. Reads all events, unless rows
   * are keyed by stream; returns when it is done. Calling it again is safe.
   *
   * @param key the row's key; there need not be a row
   * @return what the row was and is; empty if it was right
   * @throws IllegalArgumentException if the projection was not added to these workers
   * @throws ReadModelMissingException if there are no rows of its version
   * @throws RebuildRunningException if a rebuild of it, of any version, or a verification is under
   *     way
   * @throws RebuildFailedException if an event cannot be applied; the row is what it was
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached
   */
  public Optional<Verification.Row> recompute(Projection<?> projection, String key) {
    return new Recomputation<>(store, rows(projection.name()), key, name, lease).run();
  }

  /**
   * Has a reaction begin anew in those partitions where its history was lost and it stands still,
   * each atomically; the others are left alone. What was parked and dropped there is forgotten.
   * What was handled, and is handled again because it begins earlier, has its effects again.
   *
   * @param at where it begins there; {@link StartAt#now()} leaves out what came in since
   * @return the numbers of these partitions
   * @throws IllegalArgumentException if it was not added to these workers, or is no reaction
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached; calling
   *     it again is safe
   */
  public List<Integer> startAnew(Subscriber reaction, StartAt at) {
    List<Integer> anew = GenerationKeys.startAnew(store, subscriber(reaction.name()), at);
    supervisor.look();
    return anew;
  }

  /** Goes on with a rebuild whose coordinator has gone, or starts that of a new version. */
  private void adopt(Subscriber format) {
    synchronized (runs) {
      boolean ours =
          runs.stream().anyMatch(r -> r.running() && r.run().projection().equals(format.name()));
      if (!ours && !closed) {
        RebuildRun.adopt(store, format, name, lease).ifPresent(run -> adopted.add(started(run)));
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
   * one of them goes on with it. A verification is cancelled.
   */
  @Override
  public void close() {
    List<Coordination> left;
    synchronized (runs) {
      closed = true;
      left = List.copyOf(runs);
    }
    left.forEach(Coordination::abandon);
    left.forEach(Coordination::stopped);
    supervisor.close();
  }
}
