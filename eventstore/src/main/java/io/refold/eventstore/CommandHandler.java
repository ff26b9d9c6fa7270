package io.refold.eventstore;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Handles commands on one category: validates the command, folds the aggregate's events, lets the
 * decider decide, appends, and decides again where another writer was faster. Thread-safe.
 *
 * <p>States are kept in a {@linkplain StateCache cache}, so that a command on a hot aggregate is
 * one call to the store. No refusal is answered from a kept state that may be old: a rejection, a
 * conflict with an expected version and a decision that changes nothing are confirmed against newer
 * events first.
 *
 * <p>Threads that conflict on one aggregate go on one by one, in the order in which they came. A
 * command waits at most 5 seconds for that, and then goes on without its turn.
 *
 * <p>A command with a caller's command id may be handled again after any failure: it is recognised
 * among the stream's last 256 events and not done twice.
 *
 * @param <C> the commands
 * @param <S> the state
 * @param <E> the events
 */
public final class CommandHandler<C, S, E> {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final EventStore store;
  private final Category<E> category;
  private final Decider<C, S, E> decider;
  private final ConflictPolicy conflicts;
  private final Clock clock;
  private final Aggregates<S, E> aggregates;
  private final Turns turns = new Turns();

  private CommandHandler(Builder<C, S, E> builder) {
    store = builder.store;
    category = builder.category;
    decider = builder.decider;
    conflicts = builder.conflicts;
    clock = builder.clock;
    aggregates = new Aggregates<>(store, category, decider, builder.cache, builder.snapshots());
  }

  /** Starts building a handler. */
  public static <C, S, E> Builder<C, S, E> on(
      EventStore store, Category<E> category, Decider<C, S, E> decider) {
    return new Builder<>(store, category, decider);
  }

  /**
   * Handles a command with {@linkplain CommandOptions#defaults() default options}.
   *
   * @see #handle(String, Object, CommandOptions)
   */
  public Handled<S, E> handle(String id, C command) {
    return handle(id, command, CommandOptions.defaults());
  }

  /**
   * Handles a command on the aggregate with this id. Atomic: all events of the command are written,
   * or none.
   *
   * @throws IllegalArgumentException if the id is not allowed
   * @throws CommandInvalidException if fields of the command break their constraints; nothing was
   *     read
   * @throws CommandRejectedException if the decider refuses the command; never retried
   * @throws CommandCancelledException if another command took over what this one had reserved
   * @throws CommandConflictException if the stream is not at the expected version, or all retries
   *     of the conflict policy are used up; nothing was written
   * @throws StreamClosedException if the stream was closed or deleted
   * @throws CommandOutcomeUnknownException if the reply was lost; repeat with the same command id
   * @throws EventNotStorableException if an event cannot be encoded or is too large
   * @throws UnreadableEventException if an event of the stream cannot be decoded
   * @throws StoreUnavailableException if the store cannot be used now; nothing was written by this
   *     call
   */
  public Handled<S, E> handle(String id, C command, CommandOptions options) {
    CommandValidator.validate(command);
    StreamId stream = category.stream(id);
    String given = options.commandId();
    String commandId = given == null ? CommandIds.random() : given;
    try (var turn = turns.of(stream)) {
      return handle(stream, command, options, commandId, turn);
    }
  }

  private Handled<S, E> handle(
      StreamId stream, C command, CommandOptions options, String commandId, Turns.Turn turn) {
    var now = clock.instant();
    long giveUp = System.nanoTime() + PATIENCE.toNanos();
    var found = aggregates.find(stream);
    int attempt = 1;
    while (true) {
      List<? extends E> events;
      try {
        List<StoredEvent> earlier = writtenBy(found.aggregate(), commandId);
        if (!earlier.isEmpty()) {
          Aggregate<S> aggregate = aggregates.update(found).aggregate();
          return repeated(aggregate, commandId, earlier, confirmed(stream, options));
        }
        events = decide(found.aggregate(), command, options, commandId, now, attempt);
      } catch (RuntimeException refusal) {
        if (found.current()) {
          throw refusal;
        }
        found = aggregates.update(found);
        continue;
      }
      if (events.isEmpty()) {
        if (found.current()) {
          Aggregate<S> aggregate = found.aggregate();
          var confirmed = confirmed(stream, options);
          return handled(aggregate, List.of(), aggregate.position(), false, confirmed);
        }
        found = aggregates.update(found);
        continue;
      }
      if (aggregates.isOutdated(found)) { // what was decided on may be history no more
        found = aggregates.find(stream);
        continue;
      }
      // folded before it is written: what cannot be folded must not become history
      Aggregate<S> decided = found.aggregate().and(decider, events, commandId);
      AppendResult result;
      try {
        result = store.append(append(found.aggregate(), events, commandId, options));
      } catch (StoreUnavailableException notWritten) {
        if (!aggregates.isOutdated(found) || System.nanoTime() - giveUp > 0) {
          throw notWritten;
        }
        found = aggregates.find(stream);
        continue;
      }
      switch (result) {
        case AppendResult.Appended appended -> {
          return answer(found, decided, events, commandId, appended);
        }
        case AppendResult.Unknown unknown ->
            throw new CommandOutcomeUnknownException(stream, commandId, unknown.cause());
        case AppendResult.Refused refused -> throw refused(stream, commandId, refused.reason());
        case AppendResult.Conflict conflict -> {
          AppendResult.Missed missed = conflict.missed().getFirst();
          boolean insists = options.expectedVersion() != null;
          if (insists || attempt > conflicts.retries()) {
            long based = found.aggregate().version();
            throw new CommandConflictException(stream, based, missed.version(), attempt);
          }
          found = aggregates.add(found, missed);
          if (!turn.take(giveUp)) { // another process, or too many threads of this one
            pause(conflicts.pauseBefore(attempt));
          }
          found = aggregates.newest(found);
          attempt++;
        }
      }
    }
  }

  /**
   * The command is done, and no failure may say otherwise; what an earlier call has done, which
   * cannot be read now, leaves its outcome unknown to the caller.
   */
  private Handled<S, E> answer(
      Aggregates.Found<S> found,
      Aggregate<S> decided,
      List<? extends E> events,
      String commandId,
      AppendResult.Appended appended) {
    if (!appended.repeat()) {
      var written = aggregates.written(found, decided.at(appended.position()));
      return handled(
          written, List.copyOf(events), appended.position(), false, appended.durability());
    }
    try {
      var aggregate = aggregates.update(found).aggregate();
      List<StoredEvent> earlier = writtenBy(aggregate, commandId);
      return repeated(aggregate, commandId, earlier, appended.durability());
    } catch (CommandCancelledException e) {
      throw e;
    } catch (RuntimeException e) { // of reading, or of a fold
      throw new CommandOutcomeUnknownException(found.aggregate().stream(), commandId, e);
    }
  }

  private List<? extends E> decide(
      Aggregate<S> aggregate,
      C command,
      CommandOptions options,
      String commandId,
      Instant now,
      int attempt) {
    StreamId stream = aggregate.stream();
    AppendResult.Reason ended = aggregate.ended();
    if (ended != null) {
      throw refused(stream, commandId, ended);
    }
    Long expected = options.expectedVersion();
    if (expected != null && expected != aggregate.version()) {
      throw new CommandConflictException(stream, expected, aggregate.version(), attempt - 1);
    }
    return decider.decide(
        command, aggregate.state(), new Context(stream, aggregate.version(), commandId, now));
  }

  private Append append(
      Aggregate<S> aggregate, List<? extends E> events, String commandId, CommandOptions options) {
    var expected = ExpectedVersion.exactly(aggregate.version());
    var append =
        Append.of(category, aggregate.stream().id(), expected, events)
            .withCommandId(commandId)
            .withMetadata(options.metadata());
    Durability durability = options.durability();
    return durability == null ? append : append.withDurability(durability);
  }

  /**
   * Returns the state of an aggregate and its version; the initial state at version 0 if it has no
   * events.
   *
   * @throws IllegalArgumentException if the id is not allowed
   * @throws UnreadableEventException if an event of the stream cannot be decoded
   * @throws StoreUnavailableException if the store cannot be read now
   */
  public Loaded<S> load(String id) {
    var found = aggregates.find(category.stream(id));
    return (found.current() ? found : aggregates.update(found)).aggregate().loaded();
  }

  /**
   * Returns the state of an aggregate as it was at a version; its newest one if it has fewer
   * events. A deleted stream has no past.
   *
   * @param version 0 for the initial state
   * @throws IllegalArgumentException if the id is not allowed or the version is negative
   * @throws UnreadableEventException if an event up to there cannot be decoded
   * @throws StoreUnavailableException if the store cannot be read now
   */
  public Loaded<S> loadAsOf(String id, long version) {
    if (version < 0) {
      throw new IllegalArgumentException("version %d is negative".formatted(version));
    }
    return aggregates
        .foldWhile(category.stream(id), stored -> stored.version() <= version)
        .loaded();
  }

  /**
   * Returns the state of an aggregate as it was at a time: after the last event that was recorded
   * not later than that, by the server's clock.
   *
   * @throws IllegalArgumentException if the id is not allowed
   * @throws UnreadableEventException if an event up to there cannot be decoded
   * @throws StoreUnavailableException if the store cannot be read now
   */
  public Loaded<S> loadAsOf(String id, Instant time) {
    return aggregates
        .foldWhile(category.stream(id), stored -> !stored.position().recordedAt().isAfter(time))
        .loaded();
  }

  /** Returns the events that a command has written, as far as they are recognised; often none. */
  private List<StoredEvent> writtenBy(Aggregate<S> aggregate, String commandId) {
    if (!aggregate.recent().mayContain(commandId)) {
      return List.of();
    }
    var written = new ArrayDeque<StoredEvent>();
    long end = aggregate.version();
    boolean more = true; // the events of one command stand together, and may begin a page before
    while (more && end > 0) {
      long before = Math.max(0, end - EventStore.RECOGNISED_EVENTS);
      List<StoredEvent> page = store.read(aggregate.stream(), before, (int) (end - before));
      for (StoredEvent stored : page.reversed()) {
        if (stored.commandId().equals(commandId)) {
          written.addFirst(stored);
        }
      }
      more = !page.isEmpty() && page.getFirst().equals(written.peekFirst());
      end = before;
    }
    return List.copyOf(written);
  }

  /** Nothing is newer than the partition's head, so a reader who waits there sees the command. */
  private Handled<S, E> repeated(
      Aggregate<S> aggregate, String commandId, List<StoredEvent> earlier, Confirmation confirmed) {
    var events = new ArrayList<E>();
    for (StoredEvent stored : earlier) {
      if (StreamMark.of(stored).orElse(null) instanceof StreamMark.Cancelled) {
        throw new CommandCancelledException(aggregate.stream(), commandId);
      }
      category.read(stored).forEach(recorded -> events.add(recorded.event()));
    }
    Position newest = store.head(store.partitionOf(aggregate.stream())).position();
    return handled(aggregate, events, newest, true, confirmed);
  }

  /** What nothing was written for now is answered as safely as if it had been. */
  private Confirmation confirmed(StreamId stream, CommandOptions options) {
    return store.confirm(stream, options.durability());
  }

  private Handled<S, E> handled(
      Aggregate<S> aggregate,
      List<E> events,
      Position position,
      boolean repeat,
      Confirmation confirmed) {
    return new Handled<>(
        aggregate.stream(),
        aggregate.version(),
        aggregate.state(),
        events,
        position,
        repeat,
        confirmed);
  }

  private static CommandException refused(
      StreamId stream, String commandId, AppendResult.Reason reason) {
    return switch (reason) {
      case CLOSED -> new StreamClosedException(stream, false);
      case DELETED -> new StreamClosedException(stream, true);
      case CANCELLED -> new CommandCancelledException(stream, commandId);
    };
  }

  private static void pause(Duration longest) {
    if (longest.isPositive()) {
      LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(longest.toNanos()));
    }
  }

  /**
   * Builds a {@link CommandHandler}.
   *
   * @param <C> the commands
   * @param <S> the state
   * @param <E> the events
   */
  public static final class Builder<C, S, E> {
    private final EventStore store;
    private final Category<E> category;
    private final Decider<C, S, E> decider;
    private ConflictPolicy conflicts = ConflictPolicy.retry(50);
    private Clock clock = Clock.systemUTC();
    private StateCache<S> cache = StateCache.states(10_000);
    private @Nullable StateCodec<S> states;
    private @Nullable SnapshotRule<S> rule;

    private Builder(EventStore store, Category<E> category, Decider<C, S, E> decider) {
      this.store = store;
      this.category = category;
      this.decider = decider;
    }

    /** What to do when another writer was faster; the default retries 50 times. */
    public Builder<C, S, E> conflicts(ConflictPolicy policy) {
      conflicts = policy;
      return this;
    }

    /** Where {@link Context#now()} comes from; the default is the system's clock. */
    public Builder<C, S, E> clock(Clock source) {
      clock = source;
      return this;
    }

    /** How many states to keep in memory; the default is 10,000. */
    public Builder<C, S, E> cache(StateCache<S> caching) {
      cache = caching;
      return this;
    }

    /**
     * Saves snapshots, so that a long stream need not be read from its first event; the default
     * saves none. They are written behind the append: the command does not wait for them. A
     * snapshot of another shape of state, a damaged one, and one that is not of the stream's
     * history are reported in the log, not used, and replaced after the next append.
     *
     * @param codec stores and reads states; raise its version when {@link Decider#evolve} means
     *     something else than before
     * @param due when to save one
     */
    public Builder<C, S, E> snapshots(StateCodec<S> codec, SnapshotRule<S> due) {
      states = codec;
      rule = due;
      return this;
    }

    private @Nullable Snapshots<S> snapshots() {
      return states == null || rule == null
          ? null
          : new Snapshots<>(store.snapshots(), category.codec().protection(), states, rule);
    }

    /** Returns the handler. */
    public CommandHandler<C, S, E> build() {
      return new CommandHandler<>(this);
    }
  }
}
