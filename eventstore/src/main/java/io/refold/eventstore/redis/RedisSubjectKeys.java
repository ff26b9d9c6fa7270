package io.refold.eventstore.redis;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.refold.eventstore.Durability;
import io.refold.eventstore.EventNotStorableException;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreDamagedException;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.SubjectKeyLostException;
import io.refold.eventstore.SubjectKeys;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.redisson.config.Config;

/**
 * Keeps the keys of data subjects in Redis or Valkey. Thread-safe; one instance per process is
 * enough.
 *
 * <p><b>Give it a server of its own, with backups of its own.</b> Forgetting means that a key
 * exists nowhere any more. Where events and keys are on one server, each backup of it holds both,
 * and whoever restores it has the forgotten data back; {@link #warnings} says so. For the same
 * reason old backups of the keys must be deleted, as soon as the law wants that of the data. The
 * append-only file holds a destroyed key, too, until Redis rewrites it: BGREWRITEAOF, once a day,
 * say.
 *
 * <p>Whoever loses the keys has lost the data. So a server that may forget what it has confirmed is
 * refused: it needs {@code appendonly yes}, and {@code appendfsync always}, or {@code everysec}
 * from version 7.2 on. Then the first use of a key in a stream waits until the server has it on
 * disk, up to a second; with {@code always} a few milliseconds at most. Servers are looked at again
 * after lost connections, and writes throw {@link StoreMisconfiguredException} while one of them
 * may forget. A replica that is promoted without the last writes loses keys, and brings destroyed
 * ones back.
 *
 * <p>Keys are cached in the process, by default for {@linkplain RedisSubjectKeysBuilder#cachedFor
 * one minute}, so what is hot makes no call. That is how long other processes may still read the
 * data of a subject after {@link #forget}; in this one it ends at once. What they still write for
 * the subject in that time is forgotten, too.
 */
public final class RedisSubjectKeys implements SubjectKeys {
  private static final RedisScript READ = script("key_read.lua");
  private static final RedisScript WRITE = script("key_write.lua");
  private static final RedisScript FORGET = script("key_forget.lua");
  private static final RedisScript SEAL = script("key_seal.lua");
  private static final RedisScript DISCARD = script("key_discard.lua");

  private static final Durability.Fsync ON_DISK = new Durability.Fsync(Duration.ofSeconds(5));
  private static final int ATTEMPTS = 3;
  private static final long CACHED = 100_000;
  private static final int KEY_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final RedisSession session;
  private final KeyServerCheck servers;
  private final KeyCache<String, Held> subjects;
  private final KeyCache<StreamId, Optional<SecretKey>> seals;
  private final Cache<Use, Boolean> noted = Caffeine.newBuilder().maximumSize(CACHED).build();

  /** What the server has of a subject. */
  private sealed interface Held {
    record Live(SecretKey key) implements Held {}

    record Forgotten(Instant at) implements Held {}
  }

  /**
   * A key's use in a stream, which the server has noted since the last disruption: after one it may
   * be another server.
   */
  private record Use(String subject, StreamId stream, long disruptions) {}

  RedisSubjectKeys(RedisSession session, KeyServerCheck servers, Duration cached, Ticker ticker) {
    this.session = session;
    this.servers = servers;
    this.subjects = new KeyCache<>(CACHED, cached, ticker);
    this.seals = new KeyCache<>(CACHED, cached, ticker);
  }

  /**
   * Opens the keys in the namespace {@code refold-keys} of a server.
   *
   * @param url {@code redis[s]://[user[:password]@]host[:port][/database]}, or several {@code
   *     host[:port]} of a cluster, separated by commas
   * @throws IllegalArgumentException if the address cannot be understood
   * @throws StoreUnavailableException if the server cannot be reached
   * @throws StoreMisconfiguredException if a crash of the server would lose keys, or it is too old
   */
  public static RedisSubjectKeys connect(String url) {
    return to(url).open();
  }

  /**
   * Opens the keys in the namespace {@code refold-keys} of the servers in a Redisson configuration:
   * a single server, a cluster, or sentinels.
   *
   * @throws IllegalArgumentException if the configuration names none of these, or has a NameMapper
   * @throws StoreUnavailableException if the servers cannot be reached
   * @throws StoreMisconfiguredException if a crash of a server would lose keys, or it is too old
   */
  public static RedisSubjectKeys connect(Config config) {
    return to(config).open();
  }

  /**
   * Starts to describe keys at an address.
   *
   * @param url {@code redis[s]://[user[:password]@]host[:port][/database]}, or several {@code
   *     host[:port]} of a cluster, separated by commas
   * @throws IllegalArgumentException if the address cannot be understood
   */
  public static RedisSubjectKeysBuilder to(String url) {
    return new RedisSubjectKeysBuilder(RedisConnections.ofUrl(url));
  }

  /**
   * Starts to describe keys on the servers of a Redisson configuration: a single server, a cluster,
   * or sentinels.
   *
   * @throws IllegalArgumentException if the configuration names none of these, or has a NameMapper
   */
  public static RedisSubjectKeysBuilder to(Config config) {
    return new RedisSubjectKeysBuilder(config);
  }

  RedisSession session() {
    return session;
  }

  @Override
  public SecretKey forWriting(String subject, StreamId stream) {
    var use = new Use(subject, stream, session.disruptions());
    Held held =
        noted.getIfPresent(use) == null
            ? subjects.replace(subject, () -> note(use))
            : subjects.get(subject, () -> read(subject));
    return switch (held) {
      case Held.Live(SecretKey key) -> key;
      case Held.Forgotten(Instant at) -> throw EventNotStorableException.ofForgotten(subject, at);
    };
  }

  private Held note(Use use) {
    List<?> reply = write(WRITE, names(use.subject()), newKey(), use.stream());
    return StoredBytes.read(() -> notes(use.subject()), () -> held(use, reply));
  }

  private Held held(Use use, List<?> reply) {
    return switch (Entries.text(Objects.requireNonNull(reply.getFirst()))) {
      case "key" -> {
        noted.put(use, true);
        yield new Held.Live(key(reply.get(1)));
      }
      case "forgotten" -> new Held.Forgotten(time(reply.get(1)));
      default -> throw new SubjectKeyLostException(use.subject());
    };
  }

  @Override
  public Optional<SecretKey> forReading(String subject) {
    return switch (subjects.get(subject, () -> read(subject))) {
      case Held.Live(SecretKey key) -> Optional.of(key);
      case Held.Forgotten forgotten -> Optional.empty();
    };
  }

  private Held read(String subject) {
    List<?> reply = list(session.evalRead(READ, names(subject)));
    return StoredBytes.read(() -> notes(subject), () -> held(subject, reply));
  }

  private static Held held(String subject, List<?> reply) {
    if (reply.get(1) != null) {
      return new Held.Forgotten(time(reply.get(1)));
    }
    if (reply.get(0) == null) {
      throw new SubjectKeyLostException(subject);
    }
    return new Held.Live(key(reply.get(0)));
  }

  @Override
  public Tombstone forget(String subject) {
    try {
      List<?> reply = write(FORGET, names(subject));
      return StoredBytes.read(() -> notes(subject), () -> tombstone(reply));
    } finally {
      subjects.drop(subject);
    }
  }

  private static Tombstone tombstone(List<?> reply) {
    List<StreamId> streams =
        list(reply.get(1)).stream()
            .map(stream -> StreamId.parse(Entries.text(Objects.requireNonNull(stream))))
            .toList();
    return new Tombstone(time(reply.get(0)), streams);
  }

  private static String notes(String subject) {
    return "what is noted of data subject '%s'".formatted(subject);
  }

  @Override
  public void forgotten(String subject) {
    subjects.drop(subject);
    seals.dropAll();
  }

  @Override
  public SecretKey forSealing(StreamId stream) {
    return forOpening(stream)
        .or(() -> seals.replace(stream, () -> seal(stream, newKey())))
        .orElseThrow();
  }

  @Override
  public Optional<SecretKey> forOpening(StreamId stream) {
    return seals.get(stream, () -> seal(stream, new byte[0]));
  }

  /** A seal that a crash takes back costs a snapshot, so nothing waits for the disk. */
  private Optional<SecretKey> seal(StreamId stream, byte[] offered) {
    List<?> reply = list(session.evalRead(SEAL, List.of(name(stream)), offered));
    return Optional.ofNullable(reply.getFirst()).map(RedisSubjectKeys::key);
  }

  @Override
  public void discardSeal(StreamId stream) {
    try {
      write(DISCARD, List.of(name(stream)));
    } finally {
      seals.drop(stream);
    }
  }

  @Override
  public List<String> warnings(EventStore store) {
    boolean together =
        store instanceof RedisEventStore events
            && KeyServerCheck.sameServer(session.redisson(), events.session().redisson());
    return together
        ? List.of(
            "the keys are on the same server as the events, so whoever restores a backup of it has"
                + " forgotten data back: give the keys a server of their own")
        : List.of();
  }

  @Override
  public void close() {
    session.close();
    subjects.dropAll();
    seals.dropAll();
  }

  /** Runs a script that may run again after a lost reply, and is durable when it is answered. */
  private List<?> write(RedisScript script, List<String> names, Object... args) {
    long looked = session.disruptions();
    for (int attempt = 1; !servers.mustWait(); attempt++) {
      List<?> reply = list(session.evalRead(script, names, args));
      long now = session.disruptions();
      if (now == looked) { // else another server than was looked at may have answered
        return reply;
      }
      looked = now;
      if (attempt == ATTEMPTS) {
        throw new StoreUnavailableException(
            "it is unknown whether the server of %s has it on disk, because connections break: ask again"
                .formatted(script.on(names)),
            null);
      }
    }
    try {
      var confirmed =
          session.evalConfirmed(
              script.on(names),
              RedisErrors::readAgain,
              reply -> true,
              ON_DISK,
              script,
              names,
              args);
      if (!confirmed.confirmation().reached()) {
        throw new StoreUnavailableException(
            "what %s wrote was not on the server's disk within %s: ask again"
                .formatted(script.on(names), ON_DISK.within()),
            null);
      }
      return list(confirmed.reply());
    } catch (ReplyLostException e) {
      throw new StoreUnavailableException(
          "%s was not confirmed, ask again: %s".formatted(script.on(names), e.getMessage()), e);
    }
  }

  private List<String> names(String subject) {
    String tag = "{%s:%s}".formatted(session.namespace(), subject);
    return List.of(tag + ":subject", tag + ":streams");
  }

  private String name(StreamId stream) {
    return "{%s:%s}:seal".formatted(session.namespace(), stream);
  }

  private static List<?> list(@Nullable Object reply) {
    return (List<?>) Objects.requireNonNull(reply);
  }

  private static byte[] newKey() {
    var bytes = new byte[KEY_BYTES];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  private static SecretKey key(Object bytes) {
    byte[] key = (byte[]) bytes;
    if (key.length != KEY_BYTES) {
      throw new StoreDamagedException(
          "the key of a data subject",
          new IllegalStateException(
              "it has %d bytes instead of %d".formatted(key.length, KEY_BYTES)));
    }
    return new SecretKeySpec(key, "AES");
  }

  private static Instant time(Object micros) {
    return Instant.EPOCH.plus(Long.parseLong(Entries.text(micros)), ChronoUnit.MICROS);
  }

  private static RedisScript script(String name) {
    return RedisScript.load(RedisSubjectKeys.class, name);
  }
}
