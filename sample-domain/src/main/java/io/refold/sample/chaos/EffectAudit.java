package io.refold.sample.chaos;

import io.refold.sample.chaos.Findings.Kind;
import io.refold.sample.chaos.History.Event;
import io.refold.sample.chaos.Ledger.Echoed;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Checks what reactions have done: an echo for each booking exactly once, a side effect at least
 * once, in the order of the bookings. A booking is named by its place in its stream and in the log:
 * where history was lost, others may have had its place in the stream.
 */
final class EffectAudit {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ACCOUNT = Ledger.ACCOUNTS.name() + ":";
  private static final String ECHO = Ledger.ECHOES.name() + ":of-";

  private final History history;
  private final boolean mayLose;
  private final Findings findings;

  EffectAudit(History history, boolean mayLose, Findings findings) {
    this.history = history;
    this.mayLose = mayLose;
    this.findings = findings;
  }

  /** Checks all, given the side effects of each process in their order. */
  void run(List<List<String>> effects) {
    Set<String> happened = new HashSet<>();
    for (List<String> process : effects) {
      inOrder(process);
      happened.addAll(process);
    }
    history
        .streams()
        .forEach((stream, bookings) -> {
          if (stream.startsWith(ACCOUNT)) {
            echoes(stream, bookings);
            for (int i = 0; i < bookings.size(); i++) {
              String effect = WorkerProcess.EFFECTS + ":" + booking(stream, i, bookings);
              if (!happened.contains(effect)) {
                findings.add(Kind.LOST, "effect %s has not happened".formatted(effect));
              }
            }
          }
        });
  }

  private static String booking(String stream, int index, List<Event> bookings) {
    return "%s/%d %s".formatted(stream, index + 1, bookings.get(index).position());
  }

  private static long version(String booking) {
    String place = booking.split(" ", 2)[0];
    return Long.parseLong(place.substring(place.lastIndexOf('/') + 1));
  }

  private void echoes(String stream, List<Event> bookings) {
    String name = ECHO + stream.substring(ACCOUNT.length());
    var missing = new HashSet<String>();
    for (int i = 0; i < bookings.size(); i++) {
      missing.add(booking(stream, i, bookings));
    }
    var heard = new HashSet<String>();
    long newest = 0;
    for (Event event : history.streams().getOrDefault(name, List.of())) {
      String booking = heardOf(name, event);
      if (!heard.add(booking)) {
        findings.add(Kind.DUPLICATED, "%s: %s is there twice: %s".formatted(name, booking, event));
      } else if (!missing.remove(booking) && !mayLose) {
        findings.add(Kind.DUPLICATED, "%s: %s was never booked".formatted(name, booking));
      } else if (version(booking) < newest && !mayLose) {
        findings.add(Kind.REORDERED, "%s: %s comes late".formatted(name, booking));
      }
      newest = Math.max(newest, version(booking));
    }
    missing.forEach(
        booking -> findings.add(Kind.LOST, "%s: there is no echo of %s".formatted(name, booking)));
  }

  private String heardOf(String stream, Event event) {
    try {
      Echoed echoed = JSON.readValue(event.data(), Echoed.class);
      return echoed.cause() + " " + echoed.position();
    } catch (JacksonException e) {
      findings.add(Kind.LOST, "%s at %s cannot be read: %s".formatted(stream, event.id(), event));
      return stream + "/0 " + event.id();
    }
  }

  /** In each process the first handling of the bookings of an account is in their order. */
  private void inOrder(List<String> effects) {
    var newest = new HashMap<String, Long>();
    var before = new HashSet<String>();
    for (String effect : effects) {
      long version = version(effect);
      String stream = effect.substring(0, effect.lastIndexOf('/'));
      if (before.add(effect) && version < newest.getOrDefault(stream, 0L) && !mayLose) {
        findings.add(
            Kind.REORDERED,
            "effect %s first happened behind %d".formatted(effect, newest.get(stream)));
      }
      newest.merge(stream, version, Math::max);
    }
  }
}
