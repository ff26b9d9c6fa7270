package io.refold.projections.memory;

import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The reference of {@link Generations}: one lock makes every call atomic. */
final class InMemoryGenerations implements Generations {
  private final Clock clock;
  private final Map<String, Projected> projections = new HashMap<>();
  private final Map<Generation, TreeMap<String, Instant>> workers = new HashMap<>();

  InMemoryGenerations(Clock clock) {
    this.clock = clock;
  }

  /** What is kept of one projection. */
  private static final class Projected {
    int next;
    final Map<Integer, Layout> live = new HashMap<>();
    final TreeMap<Integer, Layout> gone = new TreeMap<>();
    final Map<Integer, Instant> goneSince = new HashMap<>();
    @Nullable Switch rebuild;
    String coordinator = "";
    Instant expires = Instant.EPOCH;

    Layout next(String projection, Shape shape) {
      return new Layout(new Generation(projection, ++next), shape);
    }
  }

  private Projected projected(String projection) {
    return projections.computeIfAbsent(projection, name -> new Projected());
  }

  @Override
  public synchronized Catalog look(String projection, int version) {
    Projected projected = projected(projection);
    return new Catalog(
        Optional.ofNullable(projected.live.get(version)),
        Optional.ofNullable(projected.rebuild),
        projected.gone.values().stream().toList());
  }

  @Override
  public synchronized Layout open(String projection, Shape shape) {
    Projected projected = projected(projection);
    return projected.live.computeIfAbsent(
        shape.version(), version -> projected.next(projection, shape));
  }

  @Override
  public synchronized Start resume(
      String projection, Shape shape, String coordinator, Duration lease) {
    Switch rebuild = projected(projection).rebuild;
    return rebuild == null || rebuild.fresh().shape().version() != shape.version()
        ? new Start.NothingLive()
        : start(projection, shape, coordinator, lease);
  }

  @Override
  public synchronized Start start(
      String projection, Shape shape, String coordinator, Duration lease) {
    Projected projected = projected(projection);
    Instant now = clock.instant();
    boolean held = projected.expires.isAfter(now) && !projected.expires.isAfter(now.plus(lease));
    if (projected.rebuild != null && held && !projected.coordinator.equals(coordinator)) {
      return new Start.Running(projected.coordinator);
    }
    if (projected.rebuild != null
        && projected.rebuild.fresh().shape().version() != shape.version()) {
      gone(projected, projected.rebuild.fresh());
      projected.rebuild = null;
    }
    Layout old = projected.live.get(shape.version());
    if (projected.rebuild == null && old == null) {
      return new Start.NothingLive();
    }
    boolean resumed = projected.rebuild != null;
    if (projected.rebuild == null) {
      projected.rebuild =
          new Switch(projected.next(projection, shape), Objects.requireNonNull(old));
    }
    projected.coordinator = coordinator;
    projected.expires = now.plus(lease);
    return new Start.Started(projected.rebuild, resumed);
  }

  @Override
  public synchronized boolean keep(Switch rebuild, String coordinator, Duration lease) {
    Projected projected = projected(rebuild.old().generation().projection());
    if (!rebuild.equals(projected.rebuild) || !projected.coordinator.equals(coordinator)) {
      return false;
    }
    projected.expires = clock.instant().plus(lease);
    return true;
  }

  @Override
  public synchronized boolean flip(Switch rebuild) {
    Projected projected = projected(rebuild.old().generation().projection());
    if (!rebuild.equals(projected.rebuild)) {
      return false;
    }
    projected.live.put(rebuild.fresh().shape().version(), rebuild.fresh());
    gone(projected, rebuild.old());
    projected.rebuild = null;
    return true;
  }

  @Override
  public synchronized boolean cancel(Switch rebuild) {
    Projected projected = projected(rebuild.old().generation().projection());
    if (!rebuild.equals(projected.rebuild)) {
      return false;
    }
    gone(projected, rebuild.fresh());
    projected.rebuild = null;
    return true;
  }

  private void gone(Projected projected, Layout layout) {
    projected.gone.put(layout.generation().number(), layout);
    projected.goneSince.put(layout.generation().number(), clock.instant());
  }

  @Override
  public synchronized boolean forget(Generation generation, Duration age) {
    Projected projected = projected(generation.projection());
    Instant since = projected.goneSince.get(generation.number());
    if (since != null && since.plus(age).isAfter(clock.instant())) {
      return false;
    }
    projected.gone.remove(generation.number());
    projected.goneSince.remove(generation.number());
    return true;
  }

  @Override
  public synchronized Attendance attend(Generation generation, String worker, Duration lease) {
    Instant now = clock.instant();
    TreeMap<String, Instant> present = workers.computeIfAbsent(generation, key -> new TreeMap<>());
    present.values().removeIf(expires -> !expires.isAfter(now) || expires.isAfter(now.plus(lease)));
    present.put(worker, now.plus(lease));
    return new Attendance(present.headMap(worker).size(), present.size());
  }

  @Override
  public synchronized void leave(Generation generation, String worker) {
    TreeMap<String, Instant> present = workers.get(generation);
    if (present != null) {
      present.remove(worker);
    }
  }

  @Override
  public synchronized void dismiss(Generation generation) {
    workers.remove(generation);
  }
}
