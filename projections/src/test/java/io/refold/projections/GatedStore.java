package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.projections.store.Views;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A store as one process sees it, behind a gate that every call passes. What a port does to several
 * shards passes once for each, and few entries are read at once, so that much can come in between.
 */
final class GatedStore implements InvocationHandler {
  private static final Set<String> PORTS =
      Set.of("events", "subscriptions", "parkedStreams", "views", "generations");
  private static final Set<String> READINGS = Set.of("pending", "next", "range");
  private static final Set<String> LOCAL = Set.of("partitions", "partitionOf");

  /** A call that was not made yet. */
  @FunctionalInterface
  interface Call {
    @Nullable Object make() throws Throwable;
  }

  /** Decides whether and when calls are made. */
  @FunctionalInterface
  interface Gate {
    @Nullable Object pass(String name, Call call) throws Throwable;
  }

  private final Object target;
  private final Gate gate;
  private final int most;

  private GatedStore(Object target, Gate gate, int most) {
    this.target = target;
    this.gate = gate;
    this.most = most;
  }

  /**
   * Puts a gate before a store.
   *
   * @param most how many log entries are read at once
   */
  static ProjectionStore of(ProjectionStore store, Gate gate, int most) {
    return proxy(ProjectionStore.class, new GatedStore(store, gate, most));
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args)
      throws Throwable {
    Object[] given = args == null ? new Object[0] : args;
    if (target instanceof ProjectionStore) {
      Object port = method.isDefault() ? null : made(method, given);
      return method.isDefault()
          ? InvocationHandler.invokeDefault(proxy, method, given)
          : PORTS.contains(method.getName()) && port != null
              ? proxy(method.getReturnType(), new GatedStore(port, gate, most))
              : port;
    }
    if (target instanceof EventStore && LOCAL.contains(method.getName())) {
      return made(method, given);
    }
    if (READINGS.contains(method.getName())) {
      given[2] = Math.min(most, (Integer) given[2]);
    }
    return target instanceof Views ? shardByShard(method, given) : passed(method, given);
  }

  private @Nullable Object shardByShard(Method method, Object[] args) throws Throwable {
    return switch (method.getName()) {
      case "commit" -> commit(method, args);
      case "read" -> read(method, args);
      default -> passed(method, args);
    };
  }

  private Object commit(Method method, Object[] args) throws Throwable {
    var outcomes = new TreeMap<Object, Object>();
    for (Object commit : (List<?>) args[1]) {
      outcomes.putAll(map(passed(method, args[0], List.of(commit))));
    }
    return outcomes;
  }

  private Object read(Method method, Object[] args) throws Throwable {
    var shards = new TreeMap<Object, Object>();
    for (var shard : map(args[2]).entrySet()) {
      var one = Map.of(shard.getKey(), shard.getValue());
      var read = (Optional<?>) passed(method, args[0], args[1], one, args[3]);
      if (read == null || read.isEmpty()) {
        return Optional.empty();
      }
      shards.putAll(map(read.get()));
    }
    return Optional.of(shards);
  }

  private static Map<?, ?> map(@Nullable Object shards) {
    return shards instanceof Map<?, ?> map ? map : Map.of();
  }

  private @Nullable Object passed(Method method, Object... args) throws Throwable {
    return gate.pass(method.getName(), () -> made(method, args));
  }

  private @Nullable Object made(Method method, Object... args) throws Throwable {
    try {
      return method.invoke(target, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
