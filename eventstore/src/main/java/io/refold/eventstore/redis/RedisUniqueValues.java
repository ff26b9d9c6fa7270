package io.refold.eventstore.redis;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.UniqueValues.Reservation;
import io.refold.eventstore.ValueRegister;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Keeps unique values beside the events, one key for each, so they spread over all nodes.
 * Reservations expire by Redis' clock. Thread-safe.
 */
public final class RedisUniqueValues implements ValueRegister {
  private static final RedisScript RESERVE = script("unique_reserve.lua");
  private static final RedisScript REPLACE = script("unique_replace.lua");
  private static final RedisScript CONFIRM = script("unique_confirm.lua");
  private static final RedisScript RELEASE = script("unique_release.lua");
  private static final RedisScript GIVE_UP = script("unique_giveup.lua");
  private static final RedisScript FIND = script("unique_find.lua");
  private static final int ATTEMPTS = 3;

  private final RedisSession session;
  private final String prefix;

  RedisUniqueValues(RedisSession session, String scope) {
    this.session = session;
    this.prefix = "%s:unique:%s:".formatted(session.namespace(), scope);
  }

  /**
   * Returns the values of a scope, the same for everybody who opens it in the store's namespace.
   *
   * @param scope names the kind of value; it follows the rules of categories
   * @throws IllegalArgumentException if the scope is not allowed
   */
  public static UniqueValues on(RedisEventStore store, String scope) {
    return UniqueValues.on(store, scope, new RedisUniqueValues(store.session(), scope));
  }

  @Override
  public Answer reserve(Reservation contender, Duration hold) {
    List<?> reply =
        call(
            RESERVE,
            contender.value(),
            contender.owner(),
            contender.commandId(),
            contender.attempt(),
            hold.toMillis(),
            REMEMBERED.toMillis());
    return StoredBytes.read(() -> named(contender.value()), () -> answer(contender.value(), reply));
  }

  private static Answer answer(String value, List<?> reply) {
    return switch (Entries.text(reply.getFirst())) {
      case "reserved" -> new Answer.Reserved();
      case "taken" -> new Answer.Taken(owner(reply.get(1)));
      case "given up" -> new Answer.GivenUp();
      default -> {
        String command = Entries.text(reply.get(2));
        yield new Answer.Expired(new Holding(value, owner(reply.get(1)), command, false));
      }
    };
  }

  @Override
  public boolean replace(Holding expired, Reservation contender, Duration hold) {
    return succeeded(
        call(
            REPLACE,
            expired.value(),
            expired.owner(),
            expired.commandId(),
            contender.owner(),
            contender.commandId(),
            contender.attempt(),
            hold.toMillis()));
  }

  @Override
  public boolean confirm(String value, StreamId owner, String commandId) {
    return succeeded(call(CONFIRM, value, owner, commandId));
  }

  @Override
  public boolean release(Reservation reservation) {
    return succeeded(
        call(
            RELEASE,
            reservation.value(),
            reservation.owner(),
            reservation.commandId(),
            reservation.attempt(),
            REMEMBERED.toMillis()));
  }

  @Override
  public boolean giveUp(Holding holding) {
    return succeeded(
        call(
            GIVE_UP, holding.value(), holding.owner(), holding.commandId(), REMEMBERED.toMillis()));
  }

  @Override
  public Optional<Holding> find(String value) {
    List<?> reply = call(FIND, value);
    if (reply.isEmpty()) {
      return Optional.empty();
    }
    boolean confirmed = reply.get(2).equals(1L);
    return StoredBytes.read(
        () -> named(value),
        () ->
            Optional.of(
                new Holding(value, owner(reply.get(0)), Entries.text(reply.get(1)), confirmed)));
  }

  /** Each script may be repeated, so a lost reply is asked for again. */
  private List<?> call(RedisScript script, String value, Object... args) {
    for (int attempt = 1; ; attempt++) {
      try {
        return (List<?>)
            Objects.requireNonNull(session.eval(script, List.of(prefix + value), args));
      } catch (ReplyLostException lost) {
        if (attempt == ATTEMPTS || Thread.currentThread().isInterrupted()) {
          throw new StoreUnavailableException(String.valueOf(lost.getMessage()), lost);
        }
      }
    }
  }

  private static String named(String value) {
    return "what is known of the unique value '%s'".formatted(value);
  }

  private static boolean succeeded(List<?> reply) {
    return reply.getFirst().equals(1L);
  }

  private static StreamId owner(Object text) {
    return StreamId.parse(Entries.text(text));
  }

  private static RedisScript script(String name) {
    return RedisScript.load(RedisUniqueValues.class, name, "unique.lua");
  }
}
