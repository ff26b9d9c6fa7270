package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Subscriptions;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** All keys of a generation, over all slots. Creating and deleting may be repeated. */
record GenerationKeys(ProjectionStore store, Heads heads, Layout layout, Optional<StartAt> start) {
  static GenerationKeys of(ProjectionStore store, Subscriber subscriber, Layout layout) {
    return new GenerationKeys(store, subscriber.heads(store), layout, subscriber.start());
  }

  /** Creates the keys; what was dropped in an earlier generation is left out in this one, too. */
  void createAfter(Generation old) {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      store.parkedStreams().inherit(partition, layout.generation(), old);
    }
    create();
  }

  /**
   * Creates the keys as {@link #createAfter} does, but nothing is filled in until a bound is moved.
   * The shards come last: without them nobody reads the log.
   */
  void createBounded(Generation old) {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      store.parkedStreams().inherit(partition, layout.generation(), old);
      store.subscriptions().create(partition, layout.generation());
      store.subscriptions().bound(layout.generation(), Position.origin(partition));
    }
    create();
  }

  void create() {
    for (int shard = 0; shard < layout.shape().shards(); shard++) {
      heads.create(layout.generation(), shard);
    }
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      create(partition);
    }
    show();
  }

  private void create(int partition) {
    Subscriptions subscriptions = store.subscriptions();
    if (start.isEmpty()) {
      subscriptions.create(partition, layout.generation());
    } else if (subscriptions.outlook(partition, layout.generation()).isEmpty()) {
      subscriptions.create(
          partition, layout.generation(), start.get().find(store.events(), partition));
    }
  }

  /**
   * Has the partitions that have lost their history begin somewhere else.
   *
   * @return their numbers
   */
  List<Integer> startAnew(StartAt at) {
    Subscriptions subscriptions = store.subscriptions();
    return IntStream.range(0, store.events().partitions())
        .filter(partition ->
            subscriptions.outlook(partition, layout.generation()).stream()
                .anyMatch(outlook -> outlook.state().problem().startsWith(Subscriptions.LOST)))
        .filter(partition ->
            subscriptions.startAnew(
                partition, layout.generation(), at.find(store.events(), partition)))
        .boxed()
        .toList();
  }

  /**
   * Has a reaction begin anew where its history was lost.
   *
   * @return the numbers of these partitions
   */
  static List<Integer> startAnew(ProjectionStore store, Subscriber reaction, StartAt at) {
    if (reaction.start().isEmpty()) {
      throw new IllegalArgumentException(
          "'%s' is no reaction: rebuild it instead".formatted(reaction.name()));
    }
    return store
        .generations()
        .look(reaction.name(), reaction.version())
        .live()
        .map(layout -> of(store, reaction, layout).startAnew(at))
        .orElse(List.of());
  }

  /**
   * Switches readers that do not ask the store: behind the switch there, so that whoever dies in
   * between leaves them on rows that are kept, and the next one switches them.
   */
  void show() {
    store
        .generations()
        .look(layout.generation().projection(), layout.shape().version())
        .live()
        .ifPresent(heads::show);
  }

  /** Deletes rows first: who misses the places in the logs must not find them any more. */
  void delete() {
    deleteRows();
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      store.subscriptions().delete(partition, layout.generation());
    }
  }

  /** Deletes what was filled, and gives the old generation its leases back. */
  void cancel(Generation old) {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      store.subscriptions().cancel(partition, layout.generation(), old);
    }
    deleteRows();
  }

  /**
   * Deletes again what a paused process may have created after the generation was dropped, and
   * lifts a fence that one which died while it cancelled has left.
   *
   * @param read the generations that are read
   */
  void sweep(List<Layout> read) {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      store.subscriptions().delete(partition, layout.generation());
      for (Layout live : read) {
        store.subscriptions().cancel(partition, layout.generation(), live.generation());
      }
    }
    deleteRows();
  }

  void deleteRows() {
    show();
    for (int shard = 0; shard < layout.shape().shards(); shard++) {
      heads.delete(layout.generation(), shard, layout.shape().indexes());
    }
    store.generations().dismiss(layout.generation());
  }
}
