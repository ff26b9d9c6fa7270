package io.refold.sample.chaos;

import io.refold.sample.chaos.Balances.Balance;
import io.refold.sample.chaos.Findings.Kind;
import io.refold.sample.chaos.History.Append;
import io.refold.sample.chaos.History.Event;
import io.refold.sample.chaos.History.Pointer;
import io.refold.sample.chaos.Journal.Claim;
import io.refold.sample.chaos.Ledger.Booked;
import io.refold.sample.chaos.Totals.Total;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Checks every promise against what lies in the servers and what writers were told. It goes by
 * payloads, and knows the layout of keys, but none of the code that it checks.
 */
final class Audit {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ACCOUNT = Ledger.ACCOUNTS.name() + ":";

  private final History history;
  private final Findings findings;
  private final Map<String, List<Booked>> accounts = new TreeMap<>();
  private final Map<String, List<Place>> commands = new HashMap<>();

  /** Where a command's event stands. */
  private record Place(String account, long version, String position, Booked booked) {}

  private Audit(History history, Findings findings) {
    this.history = history;
    this.findings = findings;
  }

  /**
   * Audits.
   *
   * @param history what lies in the servers; all work is done
   * @param claims what the writers know
   * @param effects the keys of side effects, per process in the order in which they happened
   * @param mayLose whether what was not acknowledged may have been there and be lost again, with
   *     effects that remain; then their order means nothing
   * @param findings gets what is wrong
   */
  static void run(
      History history,
      List<Claim> claims,
      List<List<String>> effects,
      boolean mayLose,
      Findings findings) {
    var audit = new Audit(history, findings);
    audit.streams();
    audit.logs();
    audit.commands(claims);
    audit.writers();
    new EffectAudit(history, mayLose, findings).run(effects);
    audit.rows();
  }

  private <T> @Nullable T read(String json, Class<T> type, String where) {
    try {
      return JSON.readValue(json, type);
    } catch (JacksonException e) {
      findings.add(Kind.LOST, "%s cannot be read: %s".formatted(where, json));
      return null;
    }
  }

  /** Versions without gap, and what bookings say of themselves. */
  private void streams() {
    history
        .streams()
        .forEach((stream, events) -> {
          for (int i = 0; i < events.size(); i++) {
            Event event = events.get(i);
            if (!event.id().equals(i + 1 + "-0")) {
              findings.add(
                  Kind.LOST,
                  "%s has %s where version %d is expected".formatted(stream, event.id(), i + 1));
              return;
            }
            if (stream.startsWith(ACCOUNT)) {
              booked(stream.substring(ACCOUNT.length()), i + 1, event);
            }
          }
        });
  }

  private void booked(String account, long version, Event event) {
    Booked booked = read(event.data(), Booked.class, ACCOUNT + account + " at " + version);
    if (booked == null) {
      return;
    }
    if (!booked.command().equals(event.command())) {
      findings.add(
          Kind.REORDERED,
          "%s%s at %d is of command %s and says %s"
              .formatted(ACCOUNT, account, version, event.command(), booked.command()));
    }
    accounts.computeIfAbsent(account, key -> new ArrayList<>()).add(booked);
    commands
        .computeIfAbsent(booked.command(), key -> new ArrayList<>())
        .add(new Place(account, version, event.position(), booked));
  }

  /** Logs without gap, that name each event once, in its order, as the event names its entry. */
  private void logs() {
    var reached = new HashMap<String, Long>();
    history
        .logs()
        .forEach((partition, log) -> {
          long events = 0;
          for (int i = 0; i < log.size(); i++) {
            Append append = log.get(i);
            if (append.number() != i + 1) {
              findings.add(
                  Kind.LOST,
                  "log %d has %s where number %d is expected"
                      .formatted(partition, append.id(), i + 1));
              return;
            }
            for (Pointer pointer : append.pointers()) {
              point(partition, append, pointer, reached);
              events += pointer.count();
            }
          }
          var expected = new History.Count(log.size(), events);
          if (!log.isEmpty() && !expected.equals(history.counts().get(partition))) {
            findings.add(
                Kind.LOST,
                "partition %d counts %s, its log has %s"
                    .formatted(partition, history.counts().get(partition), expected));
          }
        });
    history
        .streams()
        .forEach((stream, events) -> {
          if (reached.getOrDefault(stream, 0L) < events.size()) {
            findings.add(
                Kind.LOST,
                "%s has %d events, the log names %d"
                    .formatted(stream, events.size(), reached.getOrDefault(stream, 0L)));
          }
        });
  }

  private void point(int partition, Append append, Pointer pointer, Map<String, Long> reached) {
    long expected = reached.getOrDefault(pointer.stream(), 0L) + 1;
    if (pointer.first() != expected) {
      findings.add(
          pointer.first() < expected ? Kind.DUPLICATED : Kind.REORDERED,
          "log %d names %s from %d on in %s, version %d is expected"
              .formatted(partition, pointer.stream(), pointer.first(), append.id(), expected));
    }
    long last = pointer.first() + pointer.count() - 1;
    reached.merge(pointer.stream(), last, Math::max);
    List<Event> events = history.streams().getOrDefault(pointer.stream(), List.of());
    for (long version = pointer.first(); version <= last; version++) {
      if (version > events.size()) {
        findings.add(
            Kind.LOST,
            "log %d names %s at %d in %s, which is not there"
                .formatted(partition, pointer.stream(), version, append.id()));
      } else if (!events.get((int) version - 1).position().equals(append.id())) {
        findings.add(
            Kind.REORDERED,
            "%s at %d says it is in %s, the log has it in %s"
                .formatted(
                    pointer.stream(),
                    version,
                    events.get((int) version - 1).position(),
                    append.id()));
      }
    }
  }

  /** Each command whole or not at all, once, and whole if it was acknowledged. */
  private void commands(List<Claim> claims) {
    var unclaimed = new HashSet<>(commands.keySet());
    for (Claim claim : claims) {
      unclaimed.remove(claim.id());
      List<Place> places = commands.getOrDefault(claim.id(), List.of());
      if (places.isEmpty()) {
        if (claim.acknowledged()) {
          findings.add(
              Kind.LOST,
              "command %s was acknowledged at %s".formatted(claim.id(), claim.versions()));
        }
        continue;
      }
      claim.legs().forEach((account, events) -> leg(claim, account, events, places));
      if (places.stream().map(Place::position).distinct().count() > 1) {
        findings.add(
            Kind.DUPLICATED, "command %s is in several appends: %s".formatted(claim.id(), places));
      }
    }
    for (String id : unclaimed) {
      findings.add(
          Kind.DUPLICATED, "command %s was never given: %s".formatted(id, commands.get(id)));
    }
  }

  private void leg(Claim claim, String account, int events, List<Place> places) {
    List<Place> here = places.stream().filter(place -> place.account().equals(account)).toList();
    List<Integer> parts = here.stream().map(place -> place.booked().part()).toList();
    List<Integer> expected = new ArrayList<>();
    for (int part = 0; part < events; part++) {
      expected.add(part);
    }
    if (!parts.equals(expected)) {
      boolean more = parts.size() > new HashSet<>(parts).size();
      findings.add(
          more
              ? Kind.DUPLICATED
              : new HashSet<>(parts).containsAll(expected) ? Kind.REORDERED : Kind.LOST,
          "command %s should have parts %s in %s%s, and has %s"
              .formatted(claim.id(), expected, ACCOUNT, account, here));
      return;
    }
    Long told = Objects.requireNonNullElse(claim.versions(), Map.<String, Long>of()).get(account);
    if (told != null && told != 0 && told != here.getLast().version()) {
      findings.add(
          Kind.LOST,
          "command %s was acknowledged at %s%s version %d, and is at %d"
              .formatted(claim.id(), ACCOUNT, account, told, here.getLast().version()));
    }
  }

  /** A writer gives one command after the other. */
  private void writers() {
    accounts.forEach((account, events) -> {
      var numbers = new HashMap<String, Long>();
      for (Booked booked : events) {
        long number = Order.number(booked.command());
        Long before = numbers.put(Order.writer(booked.command()), number);
        if (before != null && before > number) {
          findings.add(
              Kind.REORDERED,
              "%s%s has command %s behind number %d"
                  .formatted(ACCOUNT, account, booked.command(), before));
        }
      }
    });
  }

  /** Rows are what a loop over the events gives. */
  private void rows() {
    Map<String, Object> balances = new TreeMap<>();
    Map<String, Total> totals = new TreeMap<>();
    accounts.forEach((account, events) -> {
      Balance balance = Balance.NONE;
      for (Booked booked : events) {
        balance = balance.and(balance.version() + 1, booked);
        for (String key : Totals.keys(booked)) {
          totals.put(key, totals.getOrDefault(key, Total.NONE).and(booked));
        }
      }
      balances.put(account, balance);
    });
    compare(Balances.NAME, balances, Balance.class);
    compare(Totals.NAME, totals, Total.class);
  }

  private void compare(String projection, Map<String, ?> expected, Class<?> type) {
    Map<String, String> rows = history.rows().getOrDefault(projection, Map.of());
    var keys = new HashSet<>(rows.keySet());
    keys.addAll(expected.keySet());
    for (String key : keys) {
      String json = rows.get(key);
      Object row = json == null ? null : read(json, type, projection + " " + key);
      if (!Objects.equals(row, expected.get(key))) {
        findings.add(
            Kind.DIFFERING_ROWS,
            "row %s of %s is %s, the events give %s"
                .formatted(key, projection, json, expected.get(key)));
      }
    }
  }
}
