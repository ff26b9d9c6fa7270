package io.refold.projections.reactions;

import io.refold.eventstore.Category;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.ProjectionStore;
import io.refold.projections.StartAt;
import io.refold.projections.Subscriber;
import io.refold.projections.Target;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Kind;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Heads;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Side effects of events: a handler that is run for each event, at least once, by the workers it is
 * added to. Immutable; thread-safe if the handlers are, which several threads run at the same time.
 *
 * <p>Each aggregate's events are handled in order, one after the other; different aggregates' at
 * the same time where they lie in different partitions. An event counts as handled when its handler
 * has returned and that is recorded, after each append. So after a crash the events of the append
 * that was being handled are handled again, in every partition that the process owned, and nothing
 * else; where parked events were being tried again, these. {@link Cause#key()} tells a repeat.
 *
 * <p>An event whose handler throws is tried again, then parked with what follows it in its
 * aggregate, as with projections ({@link ProjectionStore#parked(Subscriber)}). A handler that
 * throws {@link io.refold.eventstore.StoreUnavailableException} says that a system it needs is
 * away: its partition waits, with growing pauses, and nothing is parked.
 *
 * <p>It has no version: new code under the same name goes on where the old code was, and no rebuild
 * runs it. A category that is added takes part from there on, not from its first event.
 *
 * <pre>{@code
 * var receipts =
 *     Reaction.named("receipts", StartAt.now())
 *         .on(ACCOUNTS, (recorded, cause) -> mailer.send(recorded.event(), cause.key()))
 *         .build();
 * try (var workers = ProjectionWorkers.on(store).add(receipts).start()) { … }
 * }</pre>
 */
public final class Reaction implements Subscriber {
  private final String name;
  private final StartAt start;
  private final Map<String, Source<?>> sources;

  private Reaction(Builder builder) {
    name = builder.name;
    start = builder.start;
    sources = Map.copyOf(builder.sources);
  }

  /**
   * Handles the events of a category.
   *
   * @param <E> the events
   */
  @FunctionalInterface
  public interface Handler<E> {
    /**
     * Handles an event.
     *
     * @param cause gives names that are the same at each repeat
     * @throws Exception if the event cannot be handled; it is tried again and then parked
     */
    void handle(Recorded<E> recorded, Cause cause) throws Exception;
  }

  private record Source<E>(Category<E> category, Handler<? super E> handler) {
    void handle(String reaction, StoredEvent event) throws Exception {
      List<Recorded<E>> recorded = category.read(event);
      for (int part = 0; part < recorded.size(); part++) {
        call(recorded.get(part), new Cause(reaction, event, part));
      }
    }

    @SuppressWarnings("unchecked") // a handler of more general events handles these, too
    private void call(Recorded<E> recorded, Cause cause) throws Exception {
      ((Handler<E>) handler).handle(recorded, cause);
    }
  }

  /**
   * Starts to describe a reaction.
   *
   * @param name 1 to 64 characters, none of them {@code :}, <code>{</code>, <code>}</code>; shared
   *     with no projection
   * @param start where it begins when it is started for the very first time
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static Builder named(String name, StartAt start) {
    Generation.checkName("reaction", name);
    return new Builder(name, start);
  }

  /** Describes a reaction; see {@link Reaction}. Not thread-safe. */
  public static final class Builder {
    private final String name;
    private final StartAt start;
    private final Map<String, Source<?>> sources = new LinkedHashMap<>();

    private Builder(String name, StartAt start) {
      this.name = name;
      this.start = start;
    }

    /**
     * Adds a category with what handles its events.
     *
     * @throws IllegalArgumentException if the category is there already
     */
    public <E> Builder on(Category<E> category, Handler<? super E> handler) {
      if (sources.putIfAbsent(category.name(), new Source<>(category, handler)) != null) {
        throw new IllegalArgumentException(
            "reaction '%s' handles category '%s' already".formatted(name, category.name()));
      }
      return this;
    }

    /**
     * Returns a reaction that handles events in no order, several at a time, also of one aggregate.
     *
     * @param threads how many threads of each process handle events, 1 to 256
     * @throws IllegalArgumentException if there is no category, or the number is not allowed
     */
    public UnorderedReaction unordered(int threads) {
      return new UnorderedReaction(build(), threads);
    }

    /**
     * Returns the reaction.
     *
     * @throws IllegalArgumentException if there is no category
     */
    public Reaction build() {
      if (sources.isEmpty()) {
        throw new IllegalArgumentException(
            "reaction '%s' needs a category whose events it handles".formatted(name));
      }
      return new Reaction(this);
    }
  }

  @Override
  public String name() {
    return name;
  }

  /** Returns 1: its place survives all versions of its code. */
  @Override
  public int version() {
    return 1;
  }

  @Override
  public Set<String> categories() {
    return sources.keySet();
  }

  @Override
  public Shape shape(int shards) {
    return Kind.REACTION.shape(version());
  }

  @Override
  public Optional<StartAt> start() {
    return Optional.of(start);
  }

  @Override
  public Heads heads(ProjectionStore store) {
    return store.views();
  }

  @Override
  public Target target(ProjectionStore store, Layout layout) {
    return new ReactionTarget(this::handle, store.views());
  }

  void handle(StoredEvent event) throws Exception {
    Source<?> source = sources.get(event.stream().category());
    if (source != null) {
      source.handle(name, event);
    }
  }
}
