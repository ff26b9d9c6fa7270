package io.refold.eventstore;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * Values of which each belongs to at most one aggregate: user names, plate numbers. Thread-safe;
 * all calls block.
 *
 * <pre>{@code
 * switch (plates.claim("AB 123", stream, commandId, ofSeconds(30),
 *     options -> vehicles.handle(stream.id(), new Register("AB 123"), options))) {
 *   case Claim.Claimed<…>(var handled) -> …
 *   case Claim.Taken<…>(var owner) -> …
 *   case Claim.GivenUp<…> repeat -> …
 * }
 * }</pre>
 *
 * <p>A value is reserved, the command writes its events, the value is confirmed. None of this is
 * one transaction, and yet two aggregates never hold one value, whatever crashes or stalls in
 * between: a reservation that was not confirmed in time is not given away before its command is
 * looked for in the owner's stream. If the command has written, the value is confirmed for its
 * owner. If not, it is {@linkplain StreamMark.Cancelled cancelled} there, so that a late append of
 * it is refused, and only then does the value go to somebody else. A closed stream takes no late
 * append anyway. A deleted one holds nothing that was not confirmed before.
 *
 * <p>Limits. The owner's stream is read whole to look for a command, which costs time where a
 * stream is long. A cancelled command is recognised among the last {@link
 * EventStore#RECOGNISED_EVENTS} events: one that stalls beyond its time, and on until its stream
 * has so many events behind the cancellation, would write after all. The aggregate's events and the
 * values are as durable as the server's configuration makes them; values are lost on their own
 * where their node loses writes.
 *
 * <p>Values are equal if they have the same characters: unify case and blanks.
 */
public final class UniqueValues {
  /** How many characters a value may have. */
  public static final int MAX_LENGTH = 256;

  private final WrittenCommands written;
  private final String scope;
  private final ValueRegister register;

  /**
   * Who holds a value.
   *
   * @param owner the stream of the aggregate
   * @param commandId the owner's last command that claimed it
   * @param confirmed whether it is permanent
   */
  public record Holding(String value, StreamId owner, String commandId, boolean confirmed) {}

  /**
   * A value reserved by one attempt to execute a command.
   *
   * @param attempt tells attempts of one command apart
   */
  public record Reservation(String value, StreamId owner, String commandId, String attempt) {}

  /** What became of a reservation. */
  public sealed interface Result {
    /** The value is reserved, or the owner has had it already. */
    record Reserved(Reservation reservation) implements Result {}

    /** The value is not to be had; its owner is the same where another command reserved it. */
    record Taken(StreamId owner) implements Result {}

    /** The command had the value, and its owner has given it up since; it gets it no more. */
    record GivenUp() implements Result {}
  }

  /**
   * What became of a claim.
   *
   * @param <T> what the command returned
   */
  public sealed interface Claim<T> {
    /**
     * The command succeeded, and the value is confirmed; or was, and the owner has given it up
     * since.
     */
    record Claimed<T>(T result) implements Claim<T> {}

    /**
     * As {@link Result.Taken}: the command was not handled. Or it succeeded after its time had run
     * out, without events in the owner's stream under the id given, and so the value could go to
     * this owner.
     */
    record Taken<T>(StreamId owner) implements Claim<T> {}

    /** As {@link Result.GivenUp}: the command succeeded before, and was not handled again. */
    record GivenUp<T>() implements Claim<T> {}
  }

  private UniqueValues(EventStore store, String scope, ValueRegister register) {
    this.written = new WrittenCommands(store);
    this.scope = Names.category(scope);
    this.register = register;
  }

  /**
   * Returns a scope's values.
   *
   * @param store holds the streams of all owners
   * @param scope names the kind of value; it follows the rules of categories
   * @param register keeps this scope's holders
   * @throws IllegalArgumentException if the scope is not allowed
   */
  public static UniqueValues on(EventStore store, String scope, ValueRegister register) {
    return new UniqueValues(store, scope, register);
  }

  /**
   * Returns a scope in memory, empty and for this instance only.
   *
   * @param clock tells when reservations expire
   * @throws IllegalArgumentException if the scope is not allowed
   */
  public static UniqueValues inMemory(EventStore store, String scope, Clock clock) {
    return on(store, scope, new InMemoryValueRegister(clock));
  }

  /**
   * Reserves a value, handles a command, and confirms the value. If the command is refused, the
   * value is released; if its outcome is unknown, or anything else fails, it stays reserved.
   *
   * <p>Repeating a claim with the same command id is safe, until a day after the value was given
   * up, and the way out of every unknown outcome. Another claim needs another command id. An owner
   * that holds the value already keeps it, whatever becomes of the command.
   *
   * @param owner the stream to which the command writes
   * @param commandId the command's id
   * @param hold how long the value is reserved: longer than the command takes
   * @param action handles the command with the options given, which carry the command id: events
   *     under another id, or in another stream, do not keep the value when its time runs out
   * @throws CommandException as the action throws it
   * @throws IllegalStateException if the command succeeded after its time had run out, without
   *     events in the owner's stream under the id given, and the value is free again
   * @throws IllegalArgumentException if value, command id or duration are not allowed
   * @throws StoreUnavailableException if the store cannot be used now; repeat the claim
   */
  public <T> Claim<T> claim(
      String value,
      StreamId owner,
      String commandId,
      Duration hold,
      Function<CommandOptions, T> action) {
    return switch (reserve(value, owner, commandId, hold)) {
      case Result.Taken(StreamId other) -> new Claim.Taken<>(other);
      case Result.GivenUp givenUp -> new Claim.GivenUp<>();
      case Result.Reserved(Reservation reservation) -> {
        T result = handle(reservation, action);
        yield confirm(reservation) ? new Claim.Claimed<>(result) : late(reservation, result);
      }
    };
  }

  /** Says what became of a command that succeeded when its reservation was gone. */
  private <T> Claim<T> late(Reservation gone, T result) {
    Optional<Holding> holding = find(gone.value());
    if (holding.isPresent()) {
      Holding now = holding.get();
      return now.confirmed() && now.owner().equals(gone.owner())
          ? new Claim.Claimed<>(result)
          : new Claim.Taken<>(now.owner());
    }
    if (hasWritten(gone.owner(), gone.commandId(), gone.value())) {
      return new Claim.Claimed<>(result);
    }
    throw new IllegalStateException(
        "%s '%s' is nobody's: command %s took longer than it was reserved, and has written nothing to %s; claim it again under another command id, hold it longer, and hand the options on"
            .formatted(scope, gone.value(), gone.commandId(), gone.owner()));
  }

  private <T> T handle(Reservation reservation, Function<CommandOptions, T> action) {
    try {
      return action.apply(CommandOptions.defaults().withCommandId(reservation.commandId()));
    } catch (CommandOutcomeUnknownException unknown) {
      throw unknown;
    } catch (CommandException refused) {
      try {
        release(reservation);
      } catch (StoreUnavailableException e) {
        refused.addSuppressed(e); // it expires
      }
      throw refused;
    }
  }

  /**
   * Reserves a value for a command. Doing so again extends the time.
   *
   * @param owner the stream to which the command will write
   * @param commandId the id under which it will write
   * @param hold how long the value is reserved: longer than it takes to write and confirm
   * @throws IllegalArgumentException if value, command id or duration are not allowed
   * @throws StoreUnavailableException if the store cannot be used now; what may have been reserved
   *     expires
   */
  public Result reserve(String value, StreamId owner, String commandId, Duration hold) {
    if (hold.toMillis() < 1) {
      throw new IllegalArgumentException(
          "a value is reserved for at least a millisecond, not " + hold);
    }
    var contender =
        new Reservation(checked(value), owner, Names.commandId(commandId), CommandIds.random());
    while (true) {
      switch (register.reserve(contender, hold)) {
        case ValueRegister.Answer.Reserved reserved -> {
          return new Result.Reserved(contender);
        }
        case ValueRegister.Answer.Taken(StreamId other) -> {
          return new Result.Taken(other);
        }
        case ValueRegister.Answer.GivenUp givenUp -> {
          return new Result.GivenUp();
        }
        case ValueRegister.Answer.Expired(Holding expired) -> {
          if (hasWritten(expired.owner(), expired.commandId(), value)) {
            register.confirm(value, expired.owner(), expired.commandId());
          } else if (register.replace(expired, contender, hold)) {
            return new Result.Reserved(contender);
          }
        }
      }
    }
  }

  /** Returns whether the command has written; if not, it never will. */
  private boolean hasWritten(StreamId owner, String commandId, String value) {
    return written
        .has(owner, commandId)
        .orElseThrow(() ->
            new StoreUnavailableException(
                "%s '%s' was not reserved: it is unknown whether command %s has written to %s; try again"
                    .formatted(scope, value, commandId, owner),
                null));
  }

  /**
   * Makes a reservation permanent. Call it once the command has written; repeating it is safe.
   *
   * @return false if the value is not reserved by this command any more
   * @throws StoreUnavailableException if the store cannot be used now; repeat it. If nobody does,
   *     whoever wants the value next finds the command's events and confirms it
   */
  public boolean confirm(Reservation reservation) {
    return register.confirm(reservation.value(), reservation.owner(), reservation.commandId());
  }

  /**
   * Releases a reservation whose command has written nothing and will not. The value stays reserved
   * while another attempt of the same command may be under way, and confirmed if it was. Repeating
   * it is safe.
   *
   * @return whether the value is free now
   * @throws StoreUnavailableException if the store cannot be used now; the reservation expires
   */
  public boolean release(Reservation reservation) {
    return register.release(reservation);
  }

  /**
   * Frees a confirmed value. Call it once its owner has written that it gives the value up, with
   * what {@link #find} returned before: where a later command of the owner has claimed the value
   * again, nothing happens. Repeating it is safe. For a day the last 256 commands that claimed it
   * are remembered: they do not get it again.
   *
   * @return whether the value is free now
   * @throws StoreUnavailableException if the store cannot be used now; repeat it
   */
  public boolean giveUp(Holding holding) {
    return register.giveUp(holding);
  }

  /**
   * Finds out who has a value, or has reserved it, even if that has expired.
   *
   * @throws IllegalArgumentException if the value is not allowed
   * @throws StoreUnavailableException if the store cannot be used now
   */
  public Optional<Holding> find(String value) {
    return register.find(checked(value));
  }

  /** Returns the owner of a value, also while it is only reserved; fails as {@link #find}. */
  public Optional<StreamId> ownerOf(String value) {
    return find(value).map(Holding::owner);
  }

  private String checked(String value) {
    if (value.isEmpty() || value.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "a %s has 1 to %d characters, not %d".formatted(scope, MAX_LENGTH, value.length()));
    }
    return Names.text(value, scope);
  }
}
