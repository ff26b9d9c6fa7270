package io.refold.projections;

import io.refold.projections.RebuildProgress.State;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Generations.Terms;
import io.refold.projections.store.Subscriptions.Outlook;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A rebuild that is under way, watched and directed from any process: one that coordinates it has a
 * {@link Rebuild} as well. Every method asks the store, and throws {@link
 * io.refold.eventstore.StoreUnavailableException} if that cannot be read now; one that changes
 * something may be called again after a lost reply. Thread-safe.
 */
public final class RunningRebuild {
  private final ProjectionStore store;
  private final Subscriber subscriber;
  private final Filling filling;

  private RunningRebuild(ProjectionStore store, Subscriber subscriber, Filling filling) {
    this.store = store;
    this.subscriber = subscriber;
    this.filling = filling;
  }

  static Optional<RunningRebuild> of(ProjectionStore store, Subscriber subscriber) {
    return store
        .generations()
        .look(subscriber.name(), subscriber.version())
        .rebuild()
        .filter(filling -> filling.purpose() == Purpose.REBUILD)
        .map(filling -> new RunningRebuild(store, subscriber, filling));
  }

  /** Returns the projection's name. */
  public String projection() {
    return filling.fresh().generation().projection();
  }

  /** Returns the version that it makes rows of. */
  public int version() {
    return filling.fresh().shape().version();
  }

  /**
   * Returns how far it is, with the rate of the last seconds; empty if it has ended: {@link
   * ProjectionStore#status} tells which generation is read.
   */
  public Optional<RebuildProgress> progress() {
    return catalog().map(catalog -> progress(catalog.terms()));
  }

  private RebuildProgress progress(Terms terms) {
    long events = 0;
    long total = 0;
    double rate = 0;
    boolean fenced = false;
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      Optional<Outlook> seen =
          store.subscriptions().outlook(partition, filling.fresh().generation());
      if (seen.isPresent()) {
        events += seen.get().state().events();
        total += seen.get().headEvents();
        rate += seen.get().rate();
      } else { // its keys are being made
        total += store.events().head(partition).events();
      }
      fenced |=
          filling.replaces()
              && store
                  .subscriptions()
                  .outlook(partition, filling.old().generation())
                  .filter(Outlook::fenced)
                  .isPresent();
    }
    State state = fenced ? State.SWITCHING : terms.paused() ? State.PAUSED : State.FILLING;
    Optional<Duration> remaining =
        rate > 0
            ? Optional.of(Duration.ofMillis((long) (1_000 * Math.max(0, total - events) / rate)))
            : Optional.empty();
    return new RebuildProgress(state, events, total, rate, remaining);
  }

  /** Returns what there is if it is still under way. */
  private Optional<Catalog> catalog() {
    return Optional.of(store.generations().look(subscriber.name(), subscriber.version()))
        .filter(catalog -> catalog.rebuild().equals(Optional.of(filling)));
  }

  /**
   * Ends it: its rows are removed, and the old ones are read as if nothing had been. Where it was
   * to make the first rows of a version, it does not start again by itself.
   *
   * @return false if it had ended before
   */
  public boolean cancel() {
    if (!store.generations().cancel(filling)) {
      return false;
    }
    GenerationKeys.of(store, subscriber, filling.fresh()).cancel(filling.old().generation());
    return true;
  }

  /**
   * Sets the pace, as {@link Rebuild#throttle} does.
   *
   * @param eventsPerSecond over all processes together; 0 for no limit
   * @return false if it had ended before
   * @throws IllegalArgumentException if it is negative
   */
  public boolean throttle(long eventsPerSecond) {
    return direct(now -> new Terms(eventsPerSecond, now.paused(), now.parking()));
  }

  /**
   * Lets no more of the history be read, as {@link Rebuild#pause} does.
   *
   * @return false if it had ended before, or switches already
   */
  public boolean pause() {
    return progress().filter(now -> now.state() != State.SWITCHING).isPresent()
        && direct(now -> new Terms(now.eventsPerSecond(), true, now.parking()));
  }

  /**
   * Goes on after a pause.
   *
   * @return false if it had ended before
   */
  public boolean proceed() {
    return direct(now -> new Terms(now.eventsPerSecond(), false, now.parking()));
  }

  private boolean direct(UnaryOperator<Terms> change) {
    return catalog()
        .filter(catalog -> store.generations().direct(filling, change.apply(catalog.terms())))
        .isPresent();
  }
}
