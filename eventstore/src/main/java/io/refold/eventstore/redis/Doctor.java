package io.refold.eventstore.redis;

import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/**
 * Looks for what would lose or slow an event store: in the settings and the state of its servers,
 * and in what lies there. It only reads. Immutable and thread-safe.
 *
 * <p>An examination takes 30 seconds at most, and goes through 50,000 keys of each server, 2,000
 * streams and 700 log entries of each partition; a {@linkplain #thorough() thorough} one goes
 * through everything and takes up to an hour. Both read pages of {@value Examination#PAGE}
 * elements, one after the other. What cannot be looked at, for want of permission or of time, is
 * among the findings as {@code not-checked}.
 *
 * <p>The store may be in use meanwhile.
 */
public final class Doctor implements AutoCloseable {
  static final Illness NOT_CHECKED =
      new Illness(
          Severity.UNCHECKED,
          "not-checked",
          "whatever may be wrong there stays unknown",
          "give the user the permission that is named, or more time");

  private static final Duration SAMPLES = Duration.ofSeconds(30);
  private static final Duration EVERYTHING = Duration.ofHours(1);

  private final RedissonClient redisson;
  private final String namespace;
  private final List<Check> checks;
  private final Examination.Extent extent;
  private final InstantSource clock;
  private final boolean own;

  private Doctor(
      RedissonClient redisson,
      String namespace,
      List<Check> checks,
      Examination.Extent extent,
      InstantSource clock,
      boolean own) {
    this.redisson = redisson;
    this.namespace = namespace;
    this.checks = checks;
    this.extent = extent;
    this.clock = clock;
    this.own = own;
  }

  private static Doctor of(RedissonClient redisson, String namespace, boolean own) {
    return new Doctor(
        redisson,
        namespace,
        checks(),
        new Examination.Extent(false, SAMPLES),
        InstantSource.system(),
        own);
  }

  /** Returns what examines an open store. It uses its connection, and leaves it open. */
  public static Doctor of(RedisEventStore store) {
    return of(store.session().redisson(), store.session().namespace(), false);
  }

  /**
   * Connects to servers, whether a store can be opened there or not. Creates nothing.
   *
   * @param url {@code redis[s]://[user[:password]@]host[:port][/database]}
   * @param namespace the store's namespace
   * @throws IllegalArgumentException if the address cannot be understood
   * @throws StoreUnavailableException if the server cannot be reached
   */
  public static Doctor connect(String url, String namespace) {
    return connect(RedisConnections.ofUrl(url), namespace);
  }

  /**
   * Connects to the servers of a Redisson configuration, whether a store can be opened there or
   * not. Creates nothing.
   *
   * @param config a single server, a cluster, or sentinels
   * @param namespace the store's namespace
   * @throws IllegalArgumentException if the configuration names none of these, or has a NameMapper
   * @throws StoreUnavailableException if the servers cannot be reached
   */
  public static Doctor connect(Config config, String namespace) {
    return of(RedisEventStoreBuilder.client(RedisConnections.safe(config)), namespace, true);
  }

  /** Returns all that is looked at beside what {@link #with} adds. */
  public static List<Check> checks() {
    return List.of(
        ServerChecks.eviction(),
        ServerChecks.persistence(),
        ServerChecks.version(),
        ServerChecks.streamNodes(),
        ServerChecks.connections(),
        new MemoryCheck(),
        new ReplicasCheck(),
        new ClockCheck(),
        new SlotsCheck(),
        new ScriptsCheck(),
        new LayoutCheck(),
        new LogsCheck(),
        new StreamsCheck());
  }

  /** Returns one that also makes these checks. */
  public Doctor with(List<Check> more) {
    List<Check> all = Stream.concat(checks.stream(), more.stream()).toList();
    return new Doctor(redisson, namespace, all, extent, clock, own);
  }

  /** Returns one that looks at everything, not at samples, and takes up to an hour. */
  public Doctor thorough() {
    return extent(new Examination.Extent(true, EVERYTHING));
  }

  /**
   * Returns one whose examinations end after this time.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public Doctor within(Duration time) {
    if (!time.isPositive()) {
      throw new IllegalArgumentException("an examination needs some time, not " + time);
    }
    return extent(new Examination.Extent(extent.thorough(), time));
  }

  private Doctor extent(Examination.Extent other) {
    return new Doctor(redisson, namespace, checks, other, clock, own);
  }

  Doctor at(InstantSource otherClock) {
    return new Doctor(redisson, namespace, checks, extent, otherClock, own);
  }

  /** Looks at everything, and returns what was found. */
  public Diagnosis examine() {
    try (var nodes = new ServerNodes(redisson)) {
      var examination = new Examination(redisson, namespace, nodes, extent, clock);
      for (Check check : checks) {
        try {
          check.examine(examination);
        } catch (RuntimeException e) {
          examination.unchecked(check.subject(), e);
        }
      }
      return new Diagnosis(new ArrayList<>(examination.findings()));
    }
  }

  /** Closes the connection, unless it is that of an open store. */
  @Override
  public void close() {
    if (own) {
      redisson.shutdown(0, 2, TimeUnit.SECONDS);
    }
  }
}
