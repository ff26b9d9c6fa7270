package io.refold.eventstore;

import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.UniqueValues.Reservation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps holders, and what is remembered of earlier ones, in memory: the readable reference. One
 * lock makes every call atomic.
 */
final class InMemoryValueRegister implements ValueRegister {
  private final Clock clock;
  private final Map<String, Entry> entries = new HashMap<>();
  private final Map<String, List<Past>> past = new HashMap<>(); // of each value, the oldest first

  /**
   * A claim that is over.
   *
   * @param ended when the owner gave the value up, or null while it has it by a later claim
   */
  private record Past(StreamId owner, String commandId, @Nullable Instant ended) {
    boolean isOf(StreamId stream, String command) {
      return owner.equals(stream) && commandId.equals(command);
    }
  }

  /** Who holds a value; confirmed where it does not expire. */
  private static final class Entry {
    private final StreamId owner;
    private final Set<String> attempts = new HashSet<>();
    private String commandId;
    private @Nullable Instant expires;

    Entry(Reservation contender, Instant until) {
      owner = contender.owner();
      commandId = contender.commandId();
      expires = until;
      attempts.add(contender.attempt());
    }

    boolean isOf(StreamId stream, String command) {
      return owner.equals(stream) && commandId.equals(command);
    }

    Holding holding(String value) {
      return new Holding(value, owner, commandId, expires == null);
    }
  }

  InMemoryValueRegister(Clock clock) {
    this.clock = clock;
  }

  @Override
  public synchronized Answer reserve(Reservation contender, Duration hold) {
    Instant now = clock.instant();
    if (hasGivenUp(contender)) {
      return new Answer.GivenUp();
    }
    Entry entry = entries.get(contender.value());
    if (entry == null) {
      entries.put(contender.value(), new Entry(contender, now.plus(hold)));
      return new Answer.Reserved();
    }
    if (entry.expires == null) {
      if (!entry.owner.equals(contender.owner())) {
        return new Answer.Taken(entry.owner);
      }
      if (!entry.commandId.equals(contender.commandId())) {
        remember(contender.value(), entry, null);
        entry.commandId = contender.commandId();
      }
      return new Answer.Reserved();
    }
    if (entry.isOf(contender.owner(), contender.commandId())) {
      entry.expires = now.plus(hold);
      entry.attempts.add(contender.attempt());
      return new Answer.Reserved();
    }
    return now.isBefore(entry.expires)
        ? new Answer.Taken(entry.owner)
        : new Answer.Expired(entry.holding(contender.value()));
  }

  @Override
  public synchronized boolean replace(Holding expired, Reservation contender, Duration hold) {
    Entry entry = entries.get(expired.value());
    if (entry == null || !entry.holding(expired.value()).equals(expired) || hasGivenUp(contender)) {
      return false;
    }
    entries.put(expired.value(), new Entry(contender, clock.instant().plus(hold)));
    return true;
  }

  @Override
  public synchronized boolean confirm(String value, StreamId owner, String commandId) {
    Entry entry = entries.get(value);
    if (entry == null || !entry.isOf(owner, commandId)) {
      return false;
    }
    entry.expires = null;
    entry.attempts.clear();
    return true;
  }

  @Override
  public synchronized boolean release(Reservation reservation) {
    Entry entry = entries.get(reservation.value());
    if (entry != null
        && entry.expires != null
        && entry.isOf(reservation.owner(), reservation.commandId())) {
      entry.attempts.remove(reservation.attempt());
      if (entry.attempts.isEmpty()) {
        entries.remove(reservation.value());
      }
    }
    return !entries.containsKey(reservation.value());
  }

  @Override
  public synchronized boolean giveUp(Holding holding) {
    Entry entry = entries.get(holding.value());
    if (entry != null
        && entry.expires == null
        && entry.isOf(holding.owner(), holding.commandId())) {
      Instant now = clock.instant();
      remember(holding.value(), entry, now)
          .replaceAll(claim ->
              claim.ended() == null ? new Past(claim.owner(), claim.commandId(), now) : claim);
      entries.remove(holding.value());
    }
    return !entries.containsKey(holding.value());
  }

  private boolean hasGivenUp(Reservation contender) {
    return past.getOrDefault(contender.value(), List.of()).stream()
        .anyMatch(
            claim -> claim.ended() != null && claim.isOf(contender.owner(), contender.commandId()));
  }

  private List<Past> remember(String value, Entry entry, @Nullable Instant ended) {
    Instant oldest = clock.instant().minus(REMEMBERED);
    List<Past> claims = past.computeIfAbsent(value, unused -> new ArrayList<>());
    claims.removeIf(claim ->
        claim.isOf(entry.owner, entry.commandId)
            || (claim.ended() != null && claim.ended().isBefore(oldest)));
    claims.add(new Past(entry.owner, entry.commandId, ended));
    if (claims.size() > MOST_REMEMBERED) {
      claims.removeFirst();
    }
    return claims;
  }

  @Override
  public synchronized Optional<Holding> find(String value) {
    return Optional.ofNullable(entries.get(value)).map(entry -> entry.holding(value));
  }
}
