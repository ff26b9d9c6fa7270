package io.refold.sample.chaos;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.Durability;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.chaos.Ledger.AccountDecider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;

/**
 * A process of several writers that go on until it is killed or its input ends. It is told {@code
 * quiet}, and says so when no command is open any more; {@code go} has them go on.
 */
final class WriterProcess {
  static final String QUIET = "quiet";
  static final String GO = "go";
  static final int WRITERS = 4;

  private WriterProcess() {}

  /**
   * Runs the writers.
   *
   * @param args the server's address, the namespace, the process' name, the seed, and the directory
   *     of the journals
   */
  public static void main(String[] args) throws IOException {
    Orders orders = Orders.ofParent();
    RedisEventStore store = Stores.open(args[0], args[1]);
    var accounts = CommandHandler.on(store, Ledger.ACCOUNTS, new AccountDecider()).build();
    var rows = RedisProjectionStore.on(store).readModel(new Balances(booking -> {}));
    Durability durability = Stores.durability(args[0]);
    var gate = new Gate(WRITERS, () -> System.out.println(QUIET));
    var writers = new ArrayList<Writer>();
    for (int i = 0; i < WRITERS; i++) {
      var journal = Journal.open(Path.of(args[4]), args[2] + (char) ('a' + i));
      writers.add(
          new Writer(store, accounts, rows, journal, durability, Long.parseLong(args[3]), gate));
    }
    writers.forEach(writer -> Thread.ofPlatform().daemon().start(writer));
    while (true) {
      switch (orders.next()) {
        case QUIET -> gate.close();
        case GO -> gate.open();
        case String other -> throw new IllegalArgumentException(other);
      }
    }
  }
}
