package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.temporal.ChronoUnit.MILLIS;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.Durability;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildOptions;
import io.refold.projections.StartAt;
import io.refold.projections.Verification;
import io.refold.projections.reactions.Reaction;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.chaos.Ledger.Booked;
import io.refold.sample.chaos.Ledger.Echo;
import io.refold.sample.chaos.Ledger.EchoDecider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/**
 * A process of workers for two projections and two reactions. It goes on until it is killed or its
 * input ends. It is told {@code rebuild <projections>}, {@code verify <projection>}, {@code retry
 * <projections>} or {@code anew <reaction>}, and says {@code differs …} where a verification has
 * found a difference. A rebuild or verification that cannot be started, or ends without a result,
 * is no failure: faults explain it.
 */
final class WorkerProcess {
  static final Duration LEASE = Duration.ofMillis(1_500);
  static final String ECHOES = "echoes";
  static final String EFFECTS = "effects";
  static final String REBUILD = "rebuild";
  static final String VERIFY = "verify";
  static final String RETRY = "retry";
  static final String ANEW = "anew";
  static final String DIFFERS = "differs ";
  static final String DONE = "done ";

  /** What a projection makes of an event depends on the event only; a reaction meets faults. */
  private static final int ATTEMPTS_OF_PROJECTIONS = 2;

  private static final int ATTEMPTS_OF_REACTIONS = 20;

  /** How long it takes to apply some bookings that were just made. */
  private static final Duration LONG = Duration.ofMillis(200);

  /** How many bookings there are for each of those. */
  private static final int LONG_ONE_IN = 4;

  /** How far back a reaction begins anew: beyond any fault, and no more than is recognised. */
  private static final Duration AGAIN = Duration.ofSeconds(30);

  private final RedisProjectionStore views;
  private final ProjectionWorkers rows;
  private final ProjectionWorkers effects;
  private final Map<String, Projection<?>> projections;
  private final Map<String, Reaction> reactions;

  private WorkerProcess(
      RedisProjectionStore views,
      ProjectionWorkers rows,
      ProjectionWorkers effects,
      Map<String, Projection<?>> projections,
      Map<String, Reaction> reactions) {
    this.views = views;
    this.rows = rows;
    this.effects = effects;
    this.projections = projections;
    this.reactions = reactions;
  }

  /**
   * Runs the workers.
   *
   * @param args the server's address, the namespace, the process' name, and the directory of the
   *     file for the side effects and of the cure for poison
   */
  public static void main(String[] args) throws IOException {
    Orders orders = Orders.ofParent();
    RedisEventStore store = Stores.open(args[0], args[1]);
    Path directory = Path.of(args[3]);
    var file =
        FileChannel.open(
            directory.resolve(args[2] + ".effects"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE);
    var poison = new Poison(directory);
    Map<String, Projection<?>> projections =
        Map.of(
            Balances.NAME,
            new Balances(booking -> {
              poison.taste(booking);
              takeTime(booking);
            }),
            Totals.NAME,
            new Totals(poison::taste));
    Map<String, Reaction> reactions =
        Map.of(ECHOES, echoes(store, Stores.durability(args[0])), EFFECTS, effects(file));
    RedisProjectionStore views = RedisProjectionStore.on(store);
    var rows =
        ProjectionWorkers.on(views).name(args[2]).attempts(ATTEMPTS_OF_PROJECTIONS).lease(LEASE);
    projections.values().forEach(rows::add);
    var effects =
        ProjectionWorkers.on(views)
            .name(args[2] + "-reactions")
            .attempts(ATTEMPTS_OF_REACTIONS)
            .lease(LEASE);
    reactions.values().forEach(effects::add);
    var process =
        new WorkerProcess(
            views, Stores.once(rows::start), Stores.once(effects::start), projections, reactions);
    while (true) {
      String[] words = orders.next().split(" ", -1);
      List<String> names = List.of(words).subList(1, words.length);
      Thread.ofVirtual().start(() -> process.carryOut(words[0], names));
    }
  }

  private void carryOut(String order, List<String> names) {
    try {
      switch (order) {
        case ANEW -> {
          for (String name : names) {
            effects.startAnew(
                Objects.requireNonNull(reactions.get(name)),
                StartAt.time(Instant.now().minus(AGAIN)));
          }
        }
        case RETRY -> {
          for (String name : names) {
            views.parked(projection(name)).retryAll();
          }
        }
        case REBUILD -> {
          for (var rebuild : rows.rebuild(names, RebuildOptions.PLAIN.parkFailures())) {
            rebuild.await();
            System.out.println(DONE + REBUILD + " " + rebuild.projection());
          }
        }
        case VERIFY -> {
          for (String name : names) {
            Verification found = rows.verify(projection(name)).await();
            if (!found.clean()) {
              System.out.println(DIFFERS + found);
            }
            System.out.println(DONE + VERIFY + " " + name);
          }
        }
        default -> throw new IllegalArgumentException(order);
      }
    } catch (RuntimeException e) {
      System.err.println(order + " " + names + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Most of the time somebody holds a batch that is read and not committed, so that whatever
   * happens, also to rows that are fenced, happens in between. Who is behind does not fall further
   * behind.
   */
  private static void takeTime(Recorded<Booked> booking) {
    if (booking.event().cents() % LONG_ONE_IN == 0
        && booking.recordedAt().isAfter(Instant.now().minus(5 * LONG.toMillis(), MILLIS))) {
      LockSupport.parkNanos(LONG.toNanos());
    }
  }

  private Projection<?> projection(String name) {
    return Objects.requireNonNull(projections.get(name));
  }

  /** Sends a command to another aggregate for each booking. */
  private static Reaction echoes(RedisEventStore store, Durability durability) {
    var echoes = CommandHandler.on(store, Ledger.ECHOES, new EchoDecider()).build();
    return Reaction.named(ECHOES, StartAt.zero())
        .on(
            Ledger.ACCOUNTS,
            (recorded, cause) -> {
              var echo =
                  new Echo(
                      recorded.stream() + "/" + recorded.version(), recorded.position().logId());
              var handled =
                  echoes.handle(
                      "of-" + recorded.id(),
                      echo,
                      cause.options("echo").withDurability(durability));
              if (!handled.durability().reached()) {
                throw new StoreUnavailableException("the echo has not reached a replica yet", null);
              }
            })
        .build();
  }

  /** Writes a line for each booking. */
  private static Reaction effects(FileChannel file) {
    return Reaction.named(EFFECTS, StartAt.zero())
        .on(
            Ledger.ACCOUNTS,
            (recorded, cause) ->
                write(file, cause.key() + " " + recorded.position().logId() + "\n"))
        .build();
  }

  private static synchronized void write(FileChannel file, String line) {
    try {
      file.write(ByteBuffer.wrap(line.getBytes(UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
