package io.refold.projections;

import io.refold.eventstore.StreamId;
import java.io.Serial;
import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;

/** Events that are not where the log says, in streams that were not deleted: history was lost. */
final class MissingEvents extends Exception {
  @Serial private static final long serialVersionUID = 1L;
  private static final int NAMED_STREAMS = 20;

  /**
   * Says what is missing.
   *
   * @param versions the missing versions of each stream
   */
  MissingEvents(Map<StreamId, ? extends Collection<Long>> versions) {
    super(message(versions));
  }

  /** Returns which versions of which streams are missing. */
  String what() {
    return String.valueOf(getMessage());
  }

  private static String message(Map<StreamId, ? extends Collection<Long>> versions) {
    var what = new StringBuilder("events are missing or not the ones that the log names: ");
    versions.entrySet().stream()
        .limit(NAMED_STREAMS)
        .forEach(stream ->
            what.append(runs(stream.getValue()))
                .append(" of ")
                .append(stream.getKey())
                .append(", "));
    int more = versions.size() - NAMED_STREAMS;
    String all =
        more > 0
            ? what + "and some of %d more streams".formatted(more)
            : what.substring(0, what.length() - 2);
    return all + " (restore them, or delete these streams)";
  }

  /** Writes {@code 2 to 5 and 7} for 2, 3, 4, 5, 7. */
  private static String runs(Collection<Long> versions) {
    var runs = new StringBuilder();
    long first = 0;
    long last = 0;
    for (long version : new TreeSet<>(versions)) {
      if (last > 0 && version > last + 1) {
        runs.append(run(first, last)).append(" and ");
        first = version;
      }
      first = last == 0 ? version : first;
      last = version;
    }
    return runs + run(first, last);
  }

  private static String run(long first, long last) {
    return first == last ? "" + first : first + " to " + last;
  }
}
