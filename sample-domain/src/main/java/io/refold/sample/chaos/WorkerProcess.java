package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.Durability;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.StartAt;
import io.refold.projections.Verification;
import io.refold.projections.reactions.Reaction;
import io.refold.projections.redis.RedisProjectionStore;
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

/**
 * A process of workers for two projections and two reactions. It goes on until it is killed or its
 * input ends. It is told {@code rebuild <projections>}, {@code verify <projection>} or {@code anew
 * <reaction>}, and says {@code differs …} where a verification has found a difference. A rebuild or
 * verification that cannot be started, or ends without a result, is no failure: faults explain it.
 */
final class WorkerProcess {
  static final Duration LEASE = Duration.ofMillis(1_500);
  static final String ECHOES = "echoes";
  static final String EFFECTS = "effects";
  static final String REBUILD = "rebuild";
  static final String VERIFY = "verify";
  static final String ANEW = "anew";
  static final String DIFFERS = "differs ";

  private static final int ATTEMPTS = 20;

  /** How far back a reaction begins anew: beyond any fault, and no more than is recognised. */
  private static final Duration AGAIN = Duration.ofSeconds(30);

  private WorkerProcess() {}

  /**
   * Runs the workers.
   *
   * @param args the server's address, the namespace, the process' name, and a new file for the side
   *     effects
   */
  public static void main(String[] args) throws IOException {
    Orders orders = Orders.ofParent();
    RedisEventStore store = Stores.open(args[0], args[1]);
    var file =
        FileChannel.open(Path.of(args[3]), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    Map<String, Projection<?>> projections =
        Map.of(Balances.NAME, new Balances(), Totals.NAME, new Totals());
    Map<String, Reaction> reactions =
        Map.of(ECHOES, echoes(store, Stores.durability(args[0])), EFFECTS, effects(file));
    var builder =
        ProjectionWorkers.on(RedisProjectionStore.on(store))
            .name(args[2])
            .attempts(ATTEMPTS)
            .lease(LEASE);
    projections.values().forEach(builder::add);
    reactions.values().forEach(builder::add);
    ProjectionWorkers workers = Stores.once(builder::start);
    while (true) {
      String[] words = orders.next().split(" ", -1);
      List<String> names = List.of(words).subList(1, words.length);
      Thread.ofVirtual().start(() -> carryOut(words[0], names, workers, projections, reactions));
    }
  }

  private static void carryOut(
      String order,
      List<String> names,
      ProjectionWorkers workers,
      Map<String, Projection<?>> projections,
      Map<String, Reaction> reactions) {
    try {
      if (order.equals(ANEW)) {
        for (String name : names) {
          workers.startAnew(
              Objects.requireNonNull(reactions.get(name)),
              StartAt.time(Instant.now().minus(AGAIN)));
        }
        return;
      }
      if (order.equals(REBUILD)) {
        for (var rebuild : workers.rebuild(names)) {
          rebuild.await();
        }
        return;
      }
      for (String name : names) {
        Verification found = workers.verify(Objects.requireNonNull(projections.get(name))).await();
        if (!found.clean()) {
          System.out.println(DIFFERS + found);
        }
      }
    } catch (RuntimeException e) {
      System.err.println(order + " " + names + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
