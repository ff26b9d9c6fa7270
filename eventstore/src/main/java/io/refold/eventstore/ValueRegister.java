package io.refold.eventstore;

import java.time.Duration;
import java.util.Optional;

/**
 * Keeps who holds the values of one scope: the port of {@link UniqueValues}. Each call is atomic,
 * and harmless when repeated or executed late. Implementations are thread-safe.
 *
 * <p>Every method throws {@link StoreUnavailableException} if the register cannot be used now.
 */
public interface ValueRegister {
  /** How long it is remembered that a command has claimed a value which was given up since. */
  Duration REMEMBERED = Duration.ofDays(1);

  /** How many such commands are remembered for one value at most: the last ones. */
  int MOST_REMEMBERED = 256;

  /** What became of an attempt to reserve a value. */
  sealed interface Answer {
    /** The contender has it: until its time is over, or for good where it had it before. */
    record Reserved() implements Answer {}

    /** Somebody else has it. */
    record Taken(StreamId owner) implements Answer {}

    /** Somebody else has reserved it, too long ago; what became of that must be found out. */
    record Expired(UniqueValues.Holding holding) implements Answer {}

    /** The contender's command had it, and its owner has given it up since. */
    record GivenUp() implements Answer {}
  }

  /**
   * Reserves a free value for a time, or for longer if the contender's command has reserved it
   * already. An owner for whom the value is confirmed keeps it, now under this command. A command
   * with which the owner had the value before it gave it up changes nothing, whoever has it now.
   */
  Answer reserve(UniqueValues.Reservation contender, Duration hold);

  /**
   * Reserves a value for another one if it is still reserved, not confirmed, as given, and the
   * other one's command has not had it before.
   */
  boolean replace(UniqueValues.Holding expired, UniqueValues.Reservation contender, Duration hold);

  /** Makes a reservation permanent; false if the value is not the owner's under this command. */
  boolean confirm(String value, StreamId owner, String commandId);

  /**
   * Takes back one attempt of a command that has not been confirmed; frees the value with the last.
   *
   * @return whether the value is free now
   */
  boolean release(UniqueValues.Reservation reservation);

  /**
   * Frees a confirmed value if it is held by this owner under this command, and remembers all
   * commands with which the owner has claimed it.
   *
   * @return whether the value is free now
   */
  boolean giveUp(UniqueValues.Holding holding);

  /** Finds out who holds a value. */
  Optional<UniqueValues.Holding> find(String value);
}
