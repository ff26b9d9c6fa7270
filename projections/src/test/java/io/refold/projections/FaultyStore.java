package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.store.Deadlines;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.Generations;
import io.refold.projections.store.LogWatch;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Views;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Function;
import java.util.function.IntConsumer;

/** A store whose calls fail as a test wants, before or after they are executed. */
final class FaultyStore implements ProjectionStore {
  /** What becomes of a call. */
  enum Fate {
    /** It is executed and answered. */
    FINE,
    /** It is not executed. */
    REFUSED,
    /** It is executed, and its answer lost. */
    LOST
  }

  private final ProjectionStore store;
  private volatile Function<String, Fate> fates = call -> Fate.FINE;

  FaultyStore(ProjectionStore store) {
    this.store = store;
  }

  /** Sets what becomes of calls from now on, by the name of their method. */
  void fates(Function<String, Fate> decider) {
    fates = decider;
  }

  private <T> T faulty(Class<T> type, T target) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, args) -> call(target, method, args)));
  }

  private Object call(Object target, Method method, Object[] args) throws Throwable {
    Fate fate = fates.apply(method.getName());
    if (fate == Fate.REFUSED) {
      throw new StoreUnavailableException("refused on purpose: " + method.getName(), null);
    }
    try {
      Object result = method.invoke(target, args);
      if (fate == Fate.LOST) {
        throw new ReplyLostException(
            "lost on purpose: " + method.getName(), new IllegalStateException());
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @Override
  public EventStore events() {
    return store.events();
  }

  @Override
  public Subscriptions subscriptions() {
    return faulty(Subscriptions.class, store.subscriptions());
  }

  @Override
  public ParkedStreams parkedStreams() {
    return faulty(ParkedStreams.class, store.parkedStreams());
  }

  @Override
  public Deliveries deliveries() {
    return store.deliveries();
  }

  @Override
  public Deadlines deadlines() {
    return store.deadlines();
  }

  @Override
  public Views views() {
    return faulty(Views.class, store.views());
  }

  @Override
  public Generations generations() {
    return store.generations();
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
