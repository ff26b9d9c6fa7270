package io.refold.projections.memory;

import io.refold.projections.store.Deadlines;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The reference of {@link Deadlines}: one lock makes every call atomic. */
final class InMemoryDeadlines implements Deadlines {
  private final Map<Entry, Instant> entries = new HashMap<>();

  private record Entry(int partition, String process, String instance, String name, long number) {
    static Entry of(int partition, String process, Deadline deadline) {
      return new Entry(partition, process, deadline.instance(), deadline.name(), deadline.number());
    }
  }

  @Override
  public synchronized void change(
      int partition, String process, Collection<Deadline> added, Collection<Deadline> removed) {
    removed.forEach(deadline -> entries.remove(Entry.of(partition, process, deadline)));
    added.forEach(
        deadline -> entries.putIfAbsent(Entry.of(partition, process, deadline), deadline.due()));
  }

  @Override
  public synchronized Agenda due(int partition, String process, Instant now, int skip, int limit) {
    List<Deadline> ordered =
        entries.entrySet().stream()
            .filter(e -> e.getKey().partition() == partition)
            .filter(e -> e.getKey().process().equals(process))
            .map(e ->
                new Deadline(
                    e.getKey().instance(), e.getKey().name(), e.getKey().number(), e.getValue()))
            .sorted(Comparator.comparing(Deadline::due))
            .toList();
    List<Deadline> due =
        ordered.stream()
            .filter(deadline -> !deadline.due().isAfter(now))
            .skip(skip)
            .limit(limit)
            .toList();
    return new Agenda(due, ordered.stream().skip(skip + due.size()).findFirst().map(Deadline::due));
  }
}
