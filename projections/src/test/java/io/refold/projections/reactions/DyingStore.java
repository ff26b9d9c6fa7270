package io.refold.projections.reactions;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Deadlines;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.Generations;
import io.refold.projections.store.LogWatch;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Views;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * A store as a process sees it that dies at one of its writes: it is done or not, and from then on
 * nothing is done any more.
 */
final class DyingStore implements ProjectionStore {
  static final Set<String> WRITES =
      Set.of(
          "append", "settle", "change", "next", "acquire", "handOver", "create", "open", "report");

  private final ProjectionStore store;
  private final Set<String> writing;
  private final int last;
  private final boolean done;
  private final AtomicInteger writes = new AtomicInteger();

  /**
   * Prepares to die.
   *
   * @param writing the names of the methods that count as writes
   * @param last the number of the last write, from 1
   * @param done whether that one is done
   */
  DyingStore(ProjectionStore store, Set<String> writing, int last, boolean done) {
    this.store = store;
    this.writing = writing;
    this.last = last;
    this.done = done;
  }

  boolean dead() {
    return writes.get() >= last;
  }

  private <T> T dying(Class<T> type, T target) {
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, args) -> {
              boolean write = writing.contains(method.getName()) && !method.isDefault();
              int number = write ? writes.incrementAndGet() : writes.get() + 1;
              boolean alive = number < last || (number == last && (!write || done));
              alive |= method.getName().equals("release"); // instead of waiting for its expiry
              if (!alive) {
                throw new StoreUnavailableException("dead", null);
              }
              try {
                Object result = method.invoke(target, args);
                if (write && number == last) {
                  throw new StoreUnavailableException("dead", null);
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
    return type.cast(proxy);
  }

  @Override
  public EventStore events() {
    return dying(EventStore.class, store.events());
  }

  @Override
  public Subscriptions subscriptions() {
    return dying(Subscriptions.class, store.subscriptions());
  }

  @Override
  public Generations generations() {
    return dying(Generations.class, store.generations());
  }

  @Override
  public ParkedStreams parkedStreams() {
    return store.parkedStreams();
  }

  @Override
  public Deliveries deliveries() {
    return dying(Deliveries.class, store.deliveries());
  }

  @Override
  public Deadlines deadlines() {
    return dying(Deadlines.class, store.deadlines());
  }

  @Override
  public Views views() {
    return store.views();
  }

  @Override
  public int shards() {
    return store.shards();
  }

  @Override
  public LogWatch watch(IntConsumer appended) {
    return store.watch(appended);
  }

  @Override
  public void close() {
    store.close();
  }
}
