package io.refold.eventstore;

import io.refold.eventstore.CommandInvalidException.Violation;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Given/when/then for deciders, tied to no test framework: expectations that do not hold throw
 * {@link AssertionError}, with a line for each event or component that differs. Time is fixed at
 * {@link #NOW} unless given. Immutable, so scenarios can share a beginning.
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

  /**
   * Adds events that have happened.
   *
   * @throws AssertionError if the decider cannot fold one of them
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // the array is only read
  public final DeciderScenario<C, S, E> given(E... events) {
    return happened(List.of(events));
  }

  /** Starts from a state instead of events, at version 1. */
  public DeciderScenario<C, S, E> givenState(S reached) {
    return givenState(reached, 1);
  }

  /**
   * Starts from a state instead of events.
   *
   * @param reachedVersion the version that deciders find in the {@link Context}, 0 or more
   * @throws IllegalArgumentException if the version is negative
   */
  public DeciderScenario<C, S, E> givenState(S reached, long reachedVersion) {
    if (reachedVersion < 0) {
      throw new IllegalArgumentException("version %d is negative".formatted(reachedVersion));
    }
    return new DeciderScenario<>(decider, reached, reachedVersion, now);
  }

  /** Sets the time at which commands arrive. */
  public DeciderScenario<C, S, E> at(Instant time) {
    return new DeciderScenario<>(decider, state, version, time);
  }

  /**
   * Validates and decides a command; what is called next checks the outcome.
   *
   * @throws AssertionError if the decider fails with anything but a refusal, which is a bug of it
   */
  public Outcome<S, E> when(C command) {
    List<? extends E> decided;
    try {
      CommandValidator.validate(command);
      decided = decider.decide(command, state, new Context(STREAM, version, COMMAND_ID, now));
    } catch (CommandException refused) {
      return outcome(command, this, List.of(), refused);
    } catch (RuntimeException e) {
      throw bug(described(command) + "\n  the decider failed", e);
    }
    List<E> events;
    try {
      events = List.copyOf(decided);
    } catch (NullPointerException e) {
      throw bug(described(command) + "\n  the decider returned " + decided, e);
    }
    return outcome(command, happened(events), events, null);
  }

  private Outcome<S, E> outcome(
      C command,
      DeciderScenario<C, S, E> after,
      List<E> events,
      @Nullable CommandException refusal) {
    return new Outcome<>(
        described(command),
        new Decision<>(after.state, events, refusal),
        () -> when(command).decision,
        () -> after.when(command).decision);
  }

  private DeciderScenario<C, S, E> happened(List<E> events) {
    S after = state;
    for (E event : events) {
      try {
        after = decider.evolve(after, event);
      } catch (RuntimeException e) {
        throw bug("folding %s into state %s failed".formatted(event, after), e);
      }
    }
    return new DeciderScenario<>(decider, after, version + events.size(), now);
  }

  private String described(C command) {
    return "when %s\n  in state %s at version %d".formatted(command, state, version);
  }

  private static AssertionError bug(String what, RuntimeException failure) {
    return new AssertionError(what + ", which is a bug: " + failure, failure);
  }

  /**
   * What a command led to. Immutable; expectations may follow each other.
   *
   * @param <S> the state
   * @param <E> the events
   */
  public static final class Outcome<S, E> {
    private final String command;
    private final Decision<S, E> decision;
    private final Supplier<Decision<S, E>> decidedAgain;
    private final Supplier<Decision<S, E>> repeated;

    private Outcome(
        String command,
        Decision<S, E> decision,
        Supplier<Decision<S, E>> decidedAgain,
        Supplier<Decision<S, E>> repeated) {
      this.command = command;
      this.decision = decision;
      this.decidedAgain = decidedAgain;
      this.repeated = repeated;
    }

    /**
     * Expects exactly these events, in this order.
     *
     * @throws AssertionError if others were decided, or the command was refused
     */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public final Outcome<S, E> then(E... expected) {
      decision.requireEvents(command, List.of(expected));
      return this;
    }

    /**
     * Expects that the command changes nothing.
     *
     * @throws AssertionError if there are events, or the command was refused
     */
    public Outcome<S, E> thenNothing() {
      decision.requireEvents(command, List.of());
      return this;
    }

    /**
     * Expects this state afterwards.
     *
     * @throws AssertionError if it is another, or the command was refused
     */
    public Outcome<S, E> thenState(S expected) {
      decision.requireState(command, expected);
      return this;
    }

    /**
     * Expects that the domain refuses the command with this code.
     *
     * @throws AssertionError if it does not, or with another code
     */
    public Outcome<S, E> thenRejected(String code) {
      return thenRejected(CommandRejectedException.class, code);
    }

    /**
     * Expects that the domain refuses the command with this exception, or a subtype of it.
     *
     * @throws AssertionError if it does not, or with another exception
     */
    public Outcome<S, E> thenRejected(Class<? extends CommandRejectedException> type) {
      return expect(type.isInstance(decision.refusal()), "a " + type.getSimpleName());
    }

    /**
     * Expects that the domain refuses the command with this exception or a subtype, and this code.
     *
     * @throws AssertionError if it does not, or with another exception or code
     */
    public Outcome<S, E> thenRejected(Class<? extends CommandRejectedException> type, String code) {
      boolean same =
          decision.refusal() instanceof CommandRejectedException rejected
              && type.isInstance(rejected)
              && rejected.code().equals(code);
      return expect(same, "a %s '%s'".formatted(type.getSimpleName(), code));
    }

    /**
     * Expects that exactly these fields break their constraints.
     *
     * @throws AssertionError if the command is valid, or other fields do
     */
    public Outcome<S, E> thenInvalid(String... fields) {
      List<String> expected = Stream.of(fields).sorted().toList();
      List<String> actual = violations().stream().map(Violation::field).distinct().toList();
      return expect(!actual.isEmpty() && actual.equals(expected), "invalid fields " + expected);
    }

    /**
     * Expects that a field breaks a constraint with this message; others may be broken, too.
     *
     * @throws AssertionError if it does not
     */
    public Outcome<S, E> thenViolation(String field, String message) {
      var expected = new Violation(field, message);
      return expect(violations().contains(expected), "the violation '%s'".formatted(expected));
    }

    /**
     * Expects that the command, decided again in the same state, has the same outcome: that its
     * decision needs no clock, no randomness and no state of the decider's own.
     *
     * @throws AssertionError if it has another
     */
    public Outcome<S, E> thenDeterministic() {
      decidedAgain.get().requireSame(command + "\n  decided again in the same state", decision);
      return this;
    }

    /**
     * Expects that the command, given once more after its events, changes nothing, so that clients
     * may repeat it however late. If it was refused it must be refused in the same way.
     *
     * @throws AssertionError if it has events then, or is refused, or refused otherwise
     */
    public Outcome<S, E> thenIdempotent() {
      repeated.get().requireSame(command + "\n  given once more", decision.withoutEvents());
      return this;
    }

    /**
     * Returns the decided events, for any assertion library.
     *
     * @throws AssertionError if the command was refused
     */
    public List<E> events() {
      return expect(decision.refusal() == null, "events").decision.events();
    }

    /**
     * Returns the state after the command, for any assertion library.
     *
     * @throws AssertionError if the command was refused
     */
    public S state() {
      return expect(decision.refusal() == null, "a state").decision.state();
    }

    private Outcome<S, E> expect(boolean holds, String expected) {
      if (!holds) {
        throw decision.insteadOf(command, expected);
      }
      return this;
    }

    private List<Violation> violations() {
      return decision.refusal() instanceof CommandInvalidException invalid
          ? invalid.violations()
          : List.of();
    }
  }
}
