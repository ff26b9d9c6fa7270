package io.refold.projections.memory;

import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    int stopped;
    final TreeMap<Integer, Layout> live = new TreeMap<>();
    final Map<Integer, Instant> seen = new HashMap<>();
    final TreeMap<Integer, Layout> gone = new TreeMap<>();
    final Map<Integer, Instant> goneSince = new HashMap<>();
    @Nullable Filling rebuild;
    Terms terms = Terms.PLAIN;
    String coordinator = "";
    Instant expires = Instant.EPOCH;

    Layout next(String projection, Shape shape) {
      return new Layout(new Generation(projection, ++next), shape);
    }

    void live(Layout layout, Instant now) {
      live.put(layout.shape().version(), layout);
      seen.put(layout.shape().version(), now);
    }
  }

  private Projected projected(String projection) {
    return projections.computeIfAbsent(projection, name -> new Projected());
  }

  private Projected projected(Filling rebuild) {
    return projected(rebuild.fresh().generation().projection());
  }

  @Override
  public synchronized Catalog look(String projection, int version) {
    Projected projected = projected(projection);
    projected.seen.computeIfPresent(version, (key, before) -> clock.instant());
    return new Catalog(
        Optional.ofNullable(projected.live.get(version)),
        Optional.ofNullable(projected.rebuild),
        projected.rebuild == null ? Terms.PLAIN : projected.terms,
        projected.gone.values().stream().toList(),
        projected.live.values().stream().toList());
  }

  @Override
  public synchronized Optional<Layout> open(String projection, Shape shape) {
    Projected projected = projected(projection);
    if (projected.live.isEmpty()) {
      projected.live(projected.next(projection, shape), clock.instant());
    }
    return Optional.ofNullable(projected.live.get(shape.version()));
  }

  @Override
  public synchronized Start start(
      String projection,
      Shape shape,
      Purpose purpose,
      Terms terms,
      String coordinator,
      Duration lease) {
    Projected projected = projected(projection);
    Filling rebuild = projected.rebuild;
    if (rebuild != null) {
      boolean ours =
          rebuild.purpose() == Purpose.REBUILD
              && rebuild.fresh().shape().version() == shape.version();
      if (held(projected, coordinator, lease) || (ours && purpose != Purpose.REBUILD)) {
        return new Start.Running(projected.coordinator, rebuild);
      }
      if (ours) {
        return taken(projected, rebuild, coordinator, lease);
      }
      dropped(projected, rebuild);
    }
    Layout old = projected.live.get(shape.version());
    if (old == null && purpose == Purpose.REBUILD && !projected.live.isEmpty()) {
      old = projected.live.lastEntry().getValue();
    }
    return old == null
        ? new Start.NothingLive()
        : begun(
            projected,
            new Filling(projected.next(projection, shape), old, purpose),
            terms,
            coordinator,
            lease);
  }

  @Override
  public synchronized Start adopt(
      String projection, Shape shape, String coordinator, Duration lease) {
    Projected projected = projected(projection);
    Filling rebuild = projected.rebuild;
    if (rebuild != null) {
      if (held(projected, coordinator, lease)) {
        return new Start.Running(projected.coordinator, rebuild);
      }
      if (rebuild.purpose() == Purpose.REBUILD) {
        if (rebuild.fresh().shape().version() == shape.version()) {
          return taken(projected, rebuild, coordinator, lease);
        }
        if (projected.terms.paused()
            || projected.expires.plus(lease.multipliedBy(3)).isAfter(clock.instant())) {
          return new Start.Running(projected.coordinator, rebuild);
        }
      }
      dropped(projected, rebuild);
    }
    if (projected.live.isEmpty()
        || Math.max(projected.stopped, projected.live.lastKey()) >= shape.version()) {
      return new Start.NothingLive();
    }
    return begun(
        projected,
        new Filling(
            projected.next(projection, shape),
            projected.live.lastEntry().getValue(),
            Purpose.REBUILD),
        Terms.PLAIN,
        coordinator,
        lease);
  }

  private boolean held(Projected projected, String coordinator, Duration lease) {
    Instant now = clock.instant();
    return projected.expires.isAfter(now)
        && !projected.expires.isAfter(now.plus(lease))
        && !projected.coordinator.equals(coordinator);
  }

  private Start taken(Projected projected, Filling rebuild, String coordinator, Duration lease) {
    projected.coordinator = coordinator;
    projected.expires = clock.instant().plus(lease);
    return new Start.Started(rebuild, true);
  }

  private Start begun(
      Projected projected, Filling rebuild, Terms terms, String coordinator, Duration lease) {
    projected.rebuild = rebuild;
    projected.terms = terms;
    projected.coordinator = coordinator;
    projected.expires = clock.instant().plus(lease);
    return new Start.Started(rebuild, false);
  }

  @Override
  public synchronized Optional<Terms> keep(Filling rebuild, String coordinator, Duration lease) {
    Projected projected = projected(rebuild);
    if (!rebuild.equals(projected.rebuild) || !projected.coordinator.equals(coordinator)) {
      return Optional.empty();
    }
    projected.expires = clock.instant().plus(lease);
    return Optional.of(projected.terms);
  }

  @Override
  public synchronized boolean direct(Filling rebuild, Terms terms) {
    Projected projected = projected(rebuild);
    if (!rebuild.equals(projected.rebuild)) {
      return false;
    }
    projected.terms = terms;
    return true;
  }

  @Override
  public synchronized boolean flip(Filling rebuild) {
    Projected projected = projected(rebuild);
    if (!rebuild.equals(projected.rebuild)) {
      return false;
    }
    if (rebuild.replaces()) {
      gone(projected, rebuild.old());
    }
    projected.live(rebuild.fresh(), clock.instant());
    projected.rebuild = null;
    return true;
  }

  @Override
  public synchronized boolean cancel(Filling rebuild) {
    Projected projected = projected(rebuild);
    if (!rebuild.equals(projected.rebuild)) {
      return false;
    }
    int version = rebuild.fresh().shape().version();
    if (rebuild.purpose() == Purpose.REBUILD && !projected.live.containsKey(version)) {
      projected.stopped = version;
    }
    dropped(projected, rebuild);
    return true;
  }

  private void dropped(Projected projected, Filling rebuild) {
    gone(projected, rebuild.fresh());
    projected.rebuild = null;
  }

  @Override
  public synchronized int retire(String projection, int version, Duration age) {
    Projected projected = projected(projection);
    if (!projected.live.containsKey(version)) {
      return 0;
    }
    Instant latest = clock.instant().minus(age);
    List<Layout> unseen =
        projected.live.headMap(version).values().stream()
            .filter(layout -> {
              Instant seen = projected.seen.get(layout.shape().version());
              return seen == null || !seen.isAfter(latest);
            })
            .filter(layout -> projected.rebuild == null || !layout.equals(projected.rebuild.old()))
            .toList();
    for (Layout layout : unseen) {
      projected.live.remove(layout.shape().version());
      projected.seen.remove(layout.shape().version());
      gone(projected, layout);
    }
    return unseen.size();
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
