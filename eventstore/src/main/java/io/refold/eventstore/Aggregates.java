package io.refold.eventstore;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds the aggregates of one category, and keeps what is likely to be asked for again.
 *
 * <p>What is kept may be older than the stream; it is of the same history unless a server has lost
 * acknowledged events, which takes a lost connection or reply at least. So each kept aggregate
 * remembers how many {@linkplain EventStore#disruptions() disruptions} there had been when it was
 * read, and is not used after another one.
 *
 * <p>Where data of a stream has been forgotten, a state folded before may still contain it: the
 * mark in the stream makes the fold start again.
 */
final class Aggregates<S, E> {
  private static final Logger LOG = LoggerFactory.getLogger(Aggregates.class);
  private static final int PAGE = 1_000;

  private final EventStore store;
  private final Category<E> category;
  private final Decider<?, S, E> decider;
  private final @Nullable Snapshots<S> snapshots;
  private final @Nullable Cache<StreamId, Kept<S>> cache;

  private record Kept<S>(Aggregate<S> aggregate, long disruptions) {}

  Aggregates(
      EventStore store,
      Category<E> category,
      Decider<?, S, E> decider,
      StateCache<S> caching,
      @Nullable Snapshots<S> snapshots) {
    this.store = store;
    this.category = category;
    this.decider = decider;
    this.snapshots = snapshots;
    this.cache = caching.maxWeight() == 0 ? null : cache(caching);
  }

  private static <S> Cache<StreamId, Kept<S>> cache(StateCache<S> caching) {
    ToIntFunction<? super S> weigher = caching.weigher();
    return Caffeine.newBuilder()
        .maximumWeight(caching.maxWeight())
        .weigher((StreamId stream, Kept<S> kept) ->
            weigher == null ? 1 : weigher.applyAsInt(kept.aggregate().state()))
        .expireAfterAccess(caching.idle())
        .executor(Runnable::run) // what is too much goes at once
        .build();
  }

  /** An aggregate, and whether it was read from the store just now. */
  record Found<S>(Aggregate<S> aggregate, boolean current, long disruptions) {}

  /** Returns the aggregate as it is kept, or else as it is. */
  Found<S> find(StreamId stream) {
    long disruptions = store.disruptions();
    Kept<S> kept = cache == null ? null : cache.getIfPresent(stream);
    return kept != null && kept.disruptions() == disruptions
        ? new Found<>(kept.aggregate(), false, disruptions)
        : fold(stream);
  }

  /** Returns what is kept by now if that is newer. */
  Found<S> newest(Found<S> found) {
    Kept<S> kept = cache == null ? null : cache.getIfPresent(found.aggregate().stream());
    return kept != null
            && kept.disruptions() == found.disruptions()
            && kept.aggregate().version() > found.aggregate().version()
        ? new Found<>(kept.aggregate(), true, found.disruptions())
        : found;
  }

  /** Returns the aggregate as it is, reading only what is newer if that is possible. */
  Found<S> update(Found<S> found) {
    Aggregate<S> known = found.aggregate();
    if (known.version() == 0) {
      return fold(known.stream());
    }
    List<StoredEvent> events = store.read(known.stream(), known.version() - 1, PAGE);
    boolean same =
        !events.isEmpty()
            && events.getFirst().version() == known.version()
            && events.getFirst().position().equals(known.position());
    if (!same) { // the stream is shorter, or of another history
      return fold(known.stream());
    }
    var updated = known.and(category, decider, events.subList(1, events.size()));
    if (events.size() == PAGE) {
      updated = readOn(updated);
    }
    return updated.forgotten() > known.forgotten()
        ? fold(known.stream())
        : keep(new Found<>(updated, true, found.disruptions()));
  }

  /** Adds what a conflict has told, or reads where that is not enough. */
  Found<S> add(Found<S> found, AppendResult.Missed missed) {
    Aggregate<S> known = found.aggregate();
    if (isOutdated(found)) {
      return fold(known.stream());
    }
    var added = known.and(category, decider, missed.events());
    boolean complete =
        added.version() == missed.version() && added.forgotten() == known.forgotten();
    return complete ? keep(new Found<>(added, true, found.disruptions())) : update(found);
  }

  /** Whether a connection or reply has been lost since, so that history may be another one. */
  boolean isOutdated(Found<S> found) {
    return store.disruptions() != found.disruptions();
  }

  /**
   * Takes notice of what a command has written, and saves a snapshot if it is time. Where it would
   * be read again but cannot be, because of a later event perhaps, it is as it was decided.
   */
  Aggregate<S> written(Found<S> found, Aggregate<S> decided) {
    if (isOutdated(found)) {
      try {
        return fold(decided.stream()).aggregate();
      } catch (RuntimeException e) { // which may quote data
        LOG.warn(
            "{} is answered as it was decided, it cannot be read again: {}",
            decided.stream(),
            e.getClass().getName());
        return decided;
      }
    }
    var saved = snapshots == null ? decided : snapshots.saved(decided);
    return keep(new Found<>(saved, true, found.disruptions())).aggregate();
  }

  private Found<S> keep(Found<S> found) {
    try {
      put(found);
    } catch (RuntimeException e) { // what a weigher of the user's throws must not hide an append
      LOG.warn("{} is not kept in memory: {}", found.aggregate().stream(), e.toString());
    }
    return found;
  }

  private void put(Found<S> found) {
    Aggregate<S> newer = found.aggregate();
    if (cache != null && newer.version() > 0 && !isOutdated(found)) {
      cache
          .asMap()
          .merge(
              newer.stream(),
              new Kept<>(newer, found.disruptions()),
              (old, fresh) ->
                  old.disruptions() == fresh.disruptions()
                          && old.aggregate().version() > fresh.aggregate().version()
                      ? old
                      : fresh);
    }
  }

  private Found<S> fold(StreamId stream) {
    long disruptions = store.disruptions();
    Aggregate<S> folded = foldOnce(stream);
    long known = 0;
    while (folded.forgotten() > known) {
      known = folded.version();
      folded = foldOnce(stream);
    }
    return keep(new Found<>(folded, true, disruptions));
  }

  private Aggregate<S> foldOnce(StreamId stream) {
    Aggregate<S> initial = initial(stream);
    if (snapshots == null) {
      return readOn(initial);
    }
    Snapshots.Start<S> start = snapshots.load(initial, PAGE);
    var folded = start.from().and(category, decider, start.events());
    return start.more() ? readOn(folded) : folded;
  }

  private Aggregate<S> readOn(Aggregate<S> aggregate) {
    Aggregate<S> read = aggregate;
    List<StoredEvent> page;
    do {
      page = store.read(read.stream(), read.version(), PAGE);
      read = read.and(category, decider, page);
    } while (page.size() == PAGE);
    return read;
  }

  /** Folds the first events, as long as they are wanted. */
  Aggregate<S> foldWhile(StreamId stream, Predicate<StoredEvent> wanted) {
    Aggregate<S> read = initial(stream);
    while (true) {
      List<StoredEvent> page = store.read(stream, read.version(), PAGE);
      List<StoredEvent> taken = page.stream().takeWhile(wanted).toList();
      read = read.and(category, decider, taken);
      if (taken.size() < PAGE) {
        return read;
      }
    }
  }

  private Aggregate<S> initial(StreamId stream) {
    return Aggregate.initial(
        stream, decider.initialState(), Position.origin(store.partitionOf(stream)));
  }
}
