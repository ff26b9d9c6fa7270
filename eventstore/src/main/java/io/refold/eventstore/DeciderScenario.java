package io.refold.eventstore;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Given/when/then for deciders, tied to no test framework: expectations that do not hold throw
 * {@link AssertionError}. Time is fixed at {@link #NOW} unless given. Immutable.
 *
 * <pre>{@code
 * DeciderScenario.of(new AccountDecider())
 *     .given(new Opened("Alice"))
 *     .when(new Deposit(50_00))
 *     .then(new Deposited(50_00));
 * }</pre>
 *
 * @param <C> the commands
 * @param <S> the state
 * @param <E> the events
 */
public final class DeciderScenario<C, S, E> {
  /** The time of every scenario that sets no other. */
  public static final Instant NOW = Instant.parse("2020-01-01T00:00:00Z");

  private static final StreamId STREAM = new StreamId("scenario", "1");
  private static final String COMMAND_ID = "scenario-command";

  private final Decider<C, S, E> decider;
  private final S state;
  private final long version;
  private final Instant now;

  private DeciderScenario(Decider<C, S, E> decider, S state, long version, Instant now) {
    this.decider = decider;
    this.state = state;
    this.version = version;
    this.now = now;
  }

  /** Starts with an aggregate without events. */
  public static <C, S, E> DeciderScenario<C, S, E> of(Decider<C, S, E> decider) {
    return new DeciderScenario<>(decider, decider.initialState(), 0, NOW);
  }

  /** Adds events that have happened. */
  @SafeVarargs
  public final DeciderScenario<C, S, E> given(E... events) {
    S after = state;
    for (E event : events) {
      after = decider.evolve(after, event);
    }
    return new DeciderScenario<>(decider, after, version + events.length, now);
  }

  /** Sets the time at which commands arrive. */
  public DeciderScenario<C, S, E> at(Instant time) {
    return new DeciderScenario<>(decider, state, version, time);
  }

  /** Validates and decides a command; the outcome is checked by what is called next. */
  public Outcome<S, E> when(C command) {
    try {
      CommandValidator.validate(command);
      List<? extends E> events =
          decider.decide(command, state, new Context(STREAM, version, COMMAND_ID, now));
      S after = state;
      for (E event : events) {
        after = decider.evolve(after, event);
      }
      return new Outcome<>(command.toString(), after, List.copyOf(events), null);
    } catch (CommandException refused) {
      return new Outcome<>(command.toString(), state, List.of(), refused);
    }
  }

  /**
   * What a command led to.
   *
   * @param <S> the state
   * @param <E> the events
   */
  public static final class Outcome<S, E> {
    private final String command;
    private final S state;
    private final List<E> events;
    private final @Nullable CommandException refusal;

    private Outcome(String command, S state, List<E> events, @Nullable CommandException refusal) {
      this.command = command;
      this.state = state;
      this.events = events;
      this.refusal = refusal;
    }

    /**
     * Expects exactly these events, in this order.
     *
     * @throws AssertionError if others were decided, or the command was refused
     */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public final Outcome<S, E> then(E... expected) {
      return check(events().equals(List.of(expected)), "events " + List.of(expected));
    }

    /**
     * Expects that the command changes nothing.
     *
     * @throws AssertionError if there are events, or the command was refused
     */
    public Outcome<S, E> thenNothing() {
      return check(events().isEmpty(), "no events");
    }

    /**
     * Expects this state afterwards.
     *
     * @throws AssertionError if it is another, or the command was refused
     */
    public Outcome<S, E> thenState(S expected) {
      return check(Objects.equals(state(), expected), "state " + expected);
    }

    /**
     * Expects that the domain refuses the command with this code.
     *
     * @throws AssertionError if it does not, or with another code
     */
    public Outcome<S, E> thenRejected(String code) {
      return check(
          refusal instanceof CommandRejectedException rejected && rejected.code().equals(code),
          "rejection '" + code + "'");
    }

    /**
     * Expects that exactly these fields break their constraints.
     *
     * @throws AssertionError if the command is valid, or other fields do
     */
    public Outcome<S, E> thenInvalid(String... fields) {
      List<String> expected = List.of(fields).stream().sorted().toList();
      return check(
          refusal instanceof CommandInvalidException invalid
              && invalid.violations().stream()
                  .map(CommandInvalidException.Violation::field)
                  .distinct()
                  .sorted()
                  .toList()
                  .equals(expected),
          "invalid fields " + expected);
    }

    /**
     * Returns the decided events, for any assertion library.
     *
     * @throws AssertionError if the command was refused
     */
    public List<E> events() {
      check(refusal == null, "events");
      return events;
    }

    /**
     * Returns the state after the command, for any assertion library.
     *
     * @throws AssertionError if the command was refused
     */
    public S state() {
      check(refusal == null, "a state");
      return state;
    }

    private Outcome<S, E> check(boolean holds, String expected) {
      if (holds) {
        return this;
      }
      String actual =
          refusal == null
              ? "events %s and state %s".formatted(events, state)
              : "%s: %s".formatted(refusal.getClass().getSimpleName(), refusal.getMessage());
      throw new AssertionError(
          "when %s%n  expected: %s%n  actual:   %s".formatted(command, expected, actual), refusal);
    }
  }
}
