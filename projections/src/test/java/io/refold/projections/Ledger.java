package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Recorded;
import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.store.EventAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Sums per order, per last character of its id, and in all; some payments cannot be applied. An
 * event that fails does so at its last row.
 */
final class Ledger implements Projection<Ledger.Sum> {
  /** What is added up. */
  record Sum(long cents, long events) {}

  private final Set<Long> refused = ConcurrentHashMap.newKeySet();
  private volatile Predicate<Recorded<OrderEvent>> also = recorded -> false;

  /** Lets payments of this sum fail. */
  Ledger refuse(long cents) {
    refused.add(cents);
    return this;
  }

  /** Lets further events fail. */
  void refuse(Predicate<Recorded<OrderEvent>> events) {
    also = events;
  }

  /** Lets nothing fail any more. */
  void mend() {
    refused.clear();
    also = recorded -> false;
  }

  @Override
  public String name() {
    return "ledger";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public Class<Sum> rowType() {
    return Sum.class;
  }

  @Override
  public List<Source<Sum>> sources() {
    return List.of(Source.keyed(Shop.ORDERS, Ledger::keys, this::evolve));
  }

  private static List<String> keys(Recorded<OrderEvent> recorded) {
    String id = recorded.id();
    return List.of(id, "bucket-" + id.charAt(id.length() - 1), "all");
  }

  private Sum evolve(String key, @Nullable Sum sum, Recorded<OrderEvent> recorded) {
    Sum before = sum == null ? new Sum(0, 0) : sum;
    long cents =
        switch (recorded.event()) {
          case Paid(long paid) -> paid;
          case Placed placed -> 0;
          case Cancelled cancelled -> 0;
        };
    if (key.equals("all") && (refused.contains(cents) || also.test(recorded))) {
      throw new IllegalStateException(cents + " cents are refused");
    }
    return new Sum(before.cents() + cents, before.events() + 1);
  }

  /** Folds all events afresh, but for those that were dropped. */
  static Map<String, Sum> fold(EventStore events, Set<EventAddress> dropped) {
    var sums = new TreeMap<String, Sum>();
    var ledger = new Ledger();
    for (int partition = 0; partition < events.partitions(); partition++) {
      var log = events.readLog(partition, 0, 10_000);
      for (var stored : events.fetch(log, Shop.ORDERS.name()::equals)) {
        if (!dropped.contains(EventAddress.of(stored))) {
          for (var recorded : Shop.ORDERS.read(stored)) {
            keys(recorded)
                .forEach(key -> sums.compute(key, (k, sum) -> ledger.evolve(k, sum, recorded)));
          }
        }
      }
    }
    return sums;
  }
}
