package io.refold.projections;

import io.refold.eventstore.StreamId;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Kind;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.ParkedStreams.Request;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The events that a projection could not apply. Each waits together with everything that follows it
 * in its aggregate, so that order is kept; events of other aggregates go on. Thread-safe.
 *
 * <p>What is asked for here is done by the workers that own the partitions, within a second, or
 * once they have read the history to its end, between two batches. An event that is applied late
 * changes each row exactly once, as any other.
 *
 * <p>An unordered reaction parks events alone: {@link
 * io.refold.projections.reactions.UnorderedReaction#failed} lists them, and only {@link #dropped}
 * is to be asked here.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached. One that asks for something throws {@link io.refold.eventstore.ReplyLostException} if
 * it may have been asked for: asking again is safe.
 */
public final class ParkedEvents {
  private final ProjectionStore store;
  private final String projection;
  private final int version;

  ParkedEvents(ProjectionStore store, String projection, int version) {
    this.store = store;
    this.projection = projection;
    this.version = version;
  }

  /**
   * Returns what is parked, what waits longest first.
   *
   * @throws IllegalArgumentException if this is an unordered reaction
   */
  public List<ParkedStream> list() {
    var all = new ArrayList<ParkedStream>();
    Generation live = ordered();
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      all.addAll(store.parkedStreams().parked(partition, live));
    }
    all.sort(Comparator.comparing(ParkedStream::since));
    return all;
  }

  /**
   * Asks for a parked stream to be applied, from its failing event on. If that fails again, it
   * stays parked, with the new error.
   *
   * @throws IllegalArgumentException if the stream is not parked, as after a retry that has
   *     succeeded meanwhile, or this is an unordered reaction
   */
  public void retry(StreamId stream) {
    ask(new Request.Retry(stream), stream + " is not parked");
  }

  /**
   * Asks for everything that is parked to be applied; returns how many streams that are.
   *
   * @throws IllegalArgumentException if this is an unordered reaction
   */
  public int retryAll() {
    Generation live = ordered();
    int asked = 0;
    for (ParkedStream parked : list()) {
      if (store.parkedStreams().ask(partition(parked.stream()), live, retrying(parked))) {
        asked++;
      }
    }
    return asked;
  }

  private static Request retrying(ParkedStream parked) {
    return new Request.Retry(parked.stream());
  }

  /**
   * Asks for an event to be left out for good, and what follows it to be applied. Goes on record:
   * rebuilds leave it out, too.
   *
   * @param parked the failing event, as it was listed
   * @param reason why it may be left out
   * @throws IllegalArgumentException if it is not the event at which the stream is parked now, if a
   *     retry is asked for and not done yet, the reason is blank, or this is an unordered reaction;
   *     {@link #dropped} tells what was dropped meanwhile
   */
  public void drop(ParkedStream parked, String reason) {
    if (reason.isBlank()) {
      throw new IllegalArgumentException("an event is not dropped without a reason");
    }
    ask(
        new Request.Drop(parked.stream(), parked.version(), reason),
        "%s is not parked at version %d, or is being retried"
            .formatted(parked.stream(), parked.version()));
  }

  /** Returns what was dropped, oldest first. */
  public List<DroppedEvent> dropped() {
    var all = new ArrayList<DroppedEvent>();
    Generation live = live().generation();
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      all.addAll(store.parkedStreams().dropped(partition, live));
    }
    all.sort(Comparator.comparing(DroppedEvent::at));
    return all;
  }

  private void ask(Request request, String otherwise) {
    if (!store.parkedStreams().ask(partition(request.stream()), ordered(), request)) {
      throw new IllegalArgumentException(
          "%s by projection '%s': list what is".formatted(otherwise, projection));
    }
  }

  private int partition(StreamId stream) {
    return store.events().partitionOf(stream);
  }

  /** What an unordered reaction has parked lies elsewhere, and would look like nothing here. */
  private Generation ordered() {
    Layout live = live();
    if (live.shape().kind() == Kind.UNORDERED_REACTION) {
      throw new IllegalArgumentException(
          "reaction '%s' is unordered and parks events alone: call UnorderedReaction.failed, retry and drop"
              .formatted(projection));
    }
    return live.generation();
  }

  private Layout live() {
    return store
        .generations()
        .look(projection, version)
        .live()
        .orElseThrow(() -> ReadModelMissingException.of(store, projection, version));
  }
}
