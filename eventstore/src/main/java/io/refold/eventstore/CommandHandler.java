package io.refold.eventstore;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Handles commands on one category: validates the command, folds the aggregate's events, lets the
 * decider decide, appends, and decides again where another writer was faster. Thread-safe.
 *
 * <p>Threads that conflict on one aggregate go on one by one, in the order in which they came.
 *
 * <p>A command with a caller's command id may be handled again after any failure: it is recognised
 * among the stream's last 256 events and not done twice.
 *
 * @param <C> the commands
 * @param <S> the state
 * @param <E> the events
 */
public final class CommandHandler<C, S, E> {
  private static final int PAGE = 1_000;

  private final EventStore store;
  private final Category<E> category;
  private final Decider<C, S, E> decider;
  private final ConflictPolicy conflicts;
  private final Clock clock;
  private final Turns turns = new Turns();

  private CommandHandler(Builder<C, S, E> builder) {
    store = builder.store;
    category = builder.category;
    decider = builder.decider;
    conflicts = builder.conflicts;
    clock = builder.clock;
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
   * @throws CommandConflictException if the stream is not at the expected version, or all retries
   *     of the conflict policy are used up; nothing was written
   * @throws CommandOutcomeUnknownException if the reply was lost; repeat with the same command id
   * @throws EventNotStorableException if an event cannot be encoded or is too large
   * @throws UnreadableEventException if an event of the stream cannot be decoded
   * @throws StoreUnavailableException if the store cannot be used now; nothing was written
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
    var aggregate = fold(stream);
    var now = clock.instant();
    for (int attempt = 1; ; attempt++) {
      if (aggregate.recognises(commandId)) {
        return repeated(stream, aggregate, commandId);
      }
      Long expected = options.expectedVersion();
      if (expected != null && expected != aggregate.version()) {
        throw new CommandConflictException(stream, expected, aggregate.version(), attempt - 1);
      }
      var context = new Context(stream, aggregate.version(), commandId, now);
      List<? extends E> events = decider.decide(command, aggregate.state(), context);
      if (events.isEmpty()) {
        return handled(stream, aggregate, List.of(), aggregate.position(), false);
      }
      var append =
          Append.of(category, stream.id(), ExpectedVersion.exactly(aggregate.version()), events)
              .withCommandId(commandId)
              .withMetadata(options.metadata());
      switch (store.append(append)) {
        case AppendResult.Appended appended when appended.repeat() -> {
          catchUp(stream, aggregate);
          return repeated(stream, aggregate, commandId);
        }
        case AppendResult.Appended appended -> {
          return appended(stream, aggregate, events, appended);
        }
        case AppendResult.Unknown unknown ->
            throw new CommandOutcomeUnknownException(stream, commandId, unknown.cause());
        case AppendResult.Refused refused -> throw refused(stream, commandId, refused.reason());
        case AppendResult.Conflict conflict -> {
          AppendResult.Missed missed = conflict.missed().getFirst();
          if (expected != null || attempt > conflicts.retries()) {
            throw new CommandConflictException(
                stream, aggregate.version(), missed.version(), attempt);
          }
          if (!turn.take()) { // then it was another process, not a thread of this one
            pause(conflicts.pauseBefore(attempt));
          }
          aggregate.apply(missed.events());
          if (aggregate.version() != missed.version()) {
            aggregate = fold(stream); // shorter than expected, or too much for one reply
          }
        }
      }
    }
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
    return fold(category.stream(id)).loaded();
  }

  private Aggregate<S, E> fold(StreamId stream) {
    var origin = Position.origin(store.partitionOf(stream));
    var aggregate = new Aggregate<S, E>(category, decider, stream, origin);
    catchUp(stream, aggregate);
    return aggregate;
  }

  private void catchUp(StreamId stream, Aggregate<S, E> aggregate) {
    List<StoredEvent> page;
    do {
      page = store.read(stream, aggregate.version(), PAGE);
      aggregate.apply(page);
    } while (page.size() == PAGE);
  }

  /** Nothing is newer than the partition's head, so a reader who waits there sees the command. */
  private Handled<S, E> repeated(StreamId stream, Aggregate<S, E> aggregate, String commandId) {
    Position newest = store.head(store.partitionOf(stream)).position();
    return handled(stream, aggregate, aggregate.eventsOf(commandId), newest, true);
  }

  private Handled<S, E> appended(
      StreamId stream,
      Aggregate<S, E> aggregate,
      List<? extends E> events,
      AppendResult.Appended appended) {
    S state = aggregate.state();
    for (E event : events) {
      state = decider.evolve(state, event);
    }
    return new Handled<>(
        stream,
        aggregate.version() + events.size(),
        state,
        List.copyOf(events),
        appended.position(),
        false);
  }

  private Handled<S, E> handled(
      StreamId stream,
      Aggregate<S, E> aggregate,
      List<E> events,
      Position position,
      boolean repeat) {
    return new Handled<>(stream, aggregate.version(), aggregate.state(), events, position, repeat);
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

    /** Returns the handler. */
    public CommandHandler<C, S, E> build() {
      return new CommandHandler<>(this);
    }
  }
}
