package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.projections.store.Generations;
import io.refold.projections.store.Subscriptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How far a projection is, as seen from outside: the same in every process.
 *
 * @param projection its name
 * @param version its version
 * @param generation the generation that is read; empty before the first worker has started
 * @param rebuild the generation that a rebuild is filling, if there is one
 * @param partitions every partition of the generation that is read
 */
public record ProjectionStatus(
    String projection,
    int version,
    OptionalInt generation,
    OptionalInt rebuild,
    List<Partition> partitions) {
  /** Copies the list. */
  public ProjectionStatus {
    partitions = List.copyOf(partitions);
  }

  /**
   * How far one partition is.
   *
   * @param number the partition
   * @param state what it is doing
   * @param position everything up to here is applied
   * @param lag how many events of the partition are not applied yet
   * @param outdated how many marks tell of data that was forgotten or deleted while rows which
   *     several streams share keep it; a rebuild mends that, and counts anew
   * @param rate how many events were applied per second lately
   * @param retries how often the next event has been tried and has failed
   * @param parked how many streams have a failing event, and wait from there on
   * @param frozen whether it stands still for a moment, because a rebuild switches or is compared
   * @param owner the process that works on it, if any
   * @param error why it does not go on, if it does not
   */
  public record Partition(
      int number,
      PartitionState state,
      Position position,
      long lag,
      long outdated,
      double rate,
      int retries,
      int parked,
      boolean frozen,
      Optional<String> owner,
      Optional<String> error) {}

  /** Returns how many events are not applied yet. */
  public long lag() {
    return partitions.stream().mapToLong(Partition::lag).sum();
  }

  /**
   * Returns how many marks tell of data that was forgotten or deleted while rows which several
   * streams share keep it. A rebuild mends that, and counts anew.
   */
  public long outdated() {
    return partitions.stream().mapToLong(Partition::outdated).sum();
  }

  /** Returns how many events were applied per second lately. */
  public double rate() {
    return partitions.stream().mapToDouble(Partition::rate).sum();
  }

  /** Returns how many streams have a failing event, and wait from there on. */
  public int parked() {
    return partitions.stream().mapToInt(Partition::parked).sum();
  }

  /** Tells whether every partition has a working owner that has caught up with its log. */
  public boolean caughtUp() {
    return !partitions.isEmpty()
        && partitions.stream().allMatch(p -> p.state() == PartitionState.RUNNING && p.lag() == 0);
  }

  static ProjectionStatus of(ProjectionStore store, String projection, int version) {
    Generations.Catalog catalog = store.generations().look(projection, version);
    var partitions = new ArrayList<Partition>();
    catalog
        .live()
        .ifPresent(layout -> {
          for (int partition = 0; partition < store.events().partitions(); partition++) {
            partitions.add(partition(store, layout, partition));
          }
        });
    return new ProjectionStatus(
        projection,
        version,
        number(catalog.live()),
        number(
            catalog
                .rebuild()
                .filter(rebuild -> rebuild.purpose() == Generations.Purpose.REBUILD)
                .map(Generations.Filling::fresh)),
        partitions);
  }

  private static OptionalInt number(Optional<Generations.Layout> layout) {
    return layout.isPresent()
        ? OptionalInt.of(layout.get().generation().number())
        : OptionalInt.empty();
  }

  private static Partition partition(
      ProjectionStore store, Generations.Layout layout, int partition) {
    Optional<Subscriptions.Outlook> seen =
        store.subscriptions().outlook(partition, layout.generation());
    if (seen.isEmpty()) {
      return new Partition(
          partition,
          PartitionState.NOT_OWNED,
          Position.origin(partition),
          store.events().head(partition).events(),
          0,
          0,
          0,
          0,
          false,
          Optional.empty(),
          Optional.empty());
    }
    Subscriptions.Outlook outlook = seen.get();
    String problem = outlook.state().problem();
    return new Partition(
        partition,
        state(outlook),
        outlook.state().settled(),
        Math.max(0, outlook.headEvents() - outlook.state().events()),
        outlook.state().outdated(),
        outlook.rate(),
        outlook.attempts(),
        outlook.parked(),
        outlook.fenced(),
        outlook.owner().isEmpty() ? Optional.empty() : Optional.of(outlook.owner()),
        problem.isEmpty()
            ? Optional.empty()
            : Optional.of(problem.substring(problem.indexOf(' ') + 1)));
  }

  private static PartitionState state(Subscriptions.Outlook outlook) {
    String problem = outlook.state().problem();
    if (problem.startsWith(PartitionOwner.LOST)) {
      return PartitionState.LOST_HISTORY;
    }
    if (outlook.fenced()) {
      return PartitionState.SWITCHING;
    }
    if (outlook.owner().isEmpty()) {
      return PartitionState.NOT_OWNED;
    }
    if (problem.startsWith(PartitionOwner.WAITING)) {
      return PartitionState.WAITING;
    }
    if (problem.startsWith(PartitionOwner.HALTED)) {
      return PartitionState.HALTED;
    }
    return outlook.state().grouped() ? PartitionState.RUNNING : PartitionState.FILLING;
  }
}
