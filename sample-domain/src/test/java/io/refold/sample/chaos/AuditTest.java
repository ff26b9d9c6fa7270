package io.refold.sample.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.sample.chaos.Findings.Kind;
import io.refold.sample.chaos.History.Append;
import io.refold.sample.chaos.History.Event;
import io.refold.sample.chaos.History.Pointer;
import io.refold.sample.chaos.Journal.Claim;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is planted is found, and named. */
class AuditTest {
  private static final String STREAM = "account:r1/a";
  private static final String OTHER = "account:r1/b";
  private static final String ECHO = "echo:of-r1/a";

  private final History history = History.empty();
  private final List<Claim> claims = new ArrayList<>();
  private final List<String> effects = new ArrayList<>();

  /** Two commands: the first writes to one account, the second to two. */
  @BeforeEach
  void aSoundHistory() {
    append("1-100", new Pointer(1, 2, STREAM));
    add(STREAM, booked("w0a-1", 0, "1-100"));
    add(STREAM, booked("w0a-1", 1, "1-100"));
    append("2-200", new Pointer(3, 1, STREAM), new Pointer(1, 1, OTHER));
    add(STREAM, booked("w0a-2", 0, "2-200"));
    add(OTHER, booked("w0a-2", 0, "2-200"));
    claims.add(new Claim("w0a-1", Map.of("r1/a", 2), Map.of("r1/a", 2L)));
    claims.add(new Claim("w0a-2", Map.of("r1/a", 1, "r1/b", 1), Map.of("r1/a", 3L, "r1/b", 1L)));
    append("3-300", new Pointer(1, 3, ECHO), new Pointer(1, 1, "echo:of-r1/b"));
    for (int version = 1; version <= 3; version++) {
      String position = version < 3 ? "1-100" : "2-200";
      add(ECHO, echoed(STREAM, version, position));
      effects.add("effects:" + STREAM + "/" + version + " " + position);
    }
    add("echo:of-r1/b", echoed(OTHER, 1, "2-200"));
    effects.add("effects:" + OTHER + "/1 2-200");
    rows();
  }

  private void rows() {
    Balances.Balance a = Balances.Balance.NONE;
    a = a.and(1, new Ledger.Booked("w0a-1", 0, 5));
    a = a.and(2, new Ledger.Booked("w0a-1", 1, 5));
    a = a.and(3, new Ledger.Booked("w0a-2", 0, 5));
    Balances.Balance b = Balances.Balance.NONE.and(1, new Ledger.Booked("w0a-2", 0, 5));
    var balances = new HashMap<>(Map.of("r1/a", json(a), "r1/b", json(b)));
    history.rows().put("balances", balances);
    String total = "{\"events\":4,\"cents\":20}";
    history.rows().put("totals", new HashMap<>(Map.of("all", total, "w0a", total)));
    history.counts().put(0, new History.Count(3, 8));
  }

  private static String json(Balances.Balance row) {
    return "{\"version\":%d,\"cents\":%d,\"digest\":%d}"
        .formatted(row.version(), row.cents(), row.digest());
  }

  private void append(String id, Pointer... pointers) {
    log().add(new Append(id, List.of(pointers)));
  }

  private List<Append> log() {
    return history.logs().computeIfAbsent(0, partition -> new ArrayList<>());
  }

  private Map<String, String> rows(String projection) {
    return history.rows().computeIfAbsent(projection, key -> new HashMap<>());
  }

  private void add(String stream, Event event) {
    List<Event> events = events(stream);
    events.add(
        new Event(events.size() + 1 + "-0", event.data(), event.command(), event.position()));
  }

  private List<Event> events(String stream) {
    return history.streams().computeIfAbsent(stream, key -> new ArrayList<>());
  }

  private static Event booked(String command, int part, String position) {
    return new Event(
        "",
        "{\"command\":\"%s\",\"part\":%d,\"cents\":5}".formatted(command, part),
        command,
        position);
  }

  private static Event echoed(String stream, int version, String position) {
    return new Event(
        "",
        "{\"cause\":\"%s/%d\",\"position\":\"%s\"}".formatted(stream, version, position),
        "e" + version,
        "3-300");
  }

  private Findings audit() {
    var findings = new Findings();
    Audit.run(history, claims, List.of(effects), false, findings);
    return findings;
  }

  private void assertFound(Kind kind, String fact) {
    Findings found = audit();
    assertThat(found.clean()).isFalse();
    assertThat(found.count(kind)).as(found.facts().toString()).isPositive();
    assertThat(found.facts()).anyMatch(each -> each.contains(fact));
  }

  @Test
  void nothingIsFoundWhereNothingIsWrong() {
    assertThat(audit().facts()).isEmpty();
  }

  @Test
  void anAcknowledgedCommandThatIsNotThereIsLost() {
    claims.add(new Claim("w0b-1", Map.of("r1/a", 1), Map.of("r1/a", 4L)));
    assertFound(Kind.LOST, "command w0b-1 was acknowledged");
  }

  @Test
  void aCommandWhoseOutcomeIsUnknownMayBeAbsent() {
    claims.add(new Claim("w0b-1", Map.of("r1/a", 1), null));
    assertThat(audit().facts()).isEmpty();
  }

  @Test
  void aCommandOfWhichOneAccountIsMissingIsLostThoughNeverAcknowledged() {
    events(OTHER).clear();
    claims.set(1, new Claim("w0a-2", Map.of("r1/a", 1, "r1/b", 1), null));
    assertFound(Kind.LOST, "command w0a-2 should have parts [0] in account:r1/b");
  }

  @Test
  void aCommandAtAnotherVersionThanAcknowledgedIsLost() {
    claims.set(0, new Claim("w0a-1", Map.of("r1/a", 2), Map.of("r1/a", 5L)));
    assertFound(Kind.LOST, "version 5");
  }

  @Test
  void aMissingVersionIsLost() {
    events(STREAM).remove(1);
    assertFound(Kind.LOST, STREAM + " has 3-0 where version 2 is expected");
  }

  @Test
  void aCommandThatStandsTwiceIsDuplicated() {
    append("4-400", new Pointer(2, 1, OTHER));
    add(OTHER, booked("w0a-2", 0, "4-400"));
    assertFound(Kind.DUPLICATED, "command w0a-2");
  }

  @Test
  void eventsThatNobodyHasAskedForAreFound() {
    append("4-400", new Pointer(2, 1, OTHER));
    add(OTHER, booked("w9a-1", 0, "4-400"));
    assertFound(Kind.DUPLICATED, "command w9a-1 was never given");
  }

  @Test
  void partsInAnotherOrderAreFound() {
    List<Event> events = events(STREAM);
    Event first = events.get(0);
    Event second = events.get(1);
    events.set(0, new Event("1-0", second.data(), second.command(), second.position()));
    events.set(1, new Event("2-0", first.data(), first.command(), first.position()));
    assertFound(Kind.REORDERED, "command w0a-1 should have parts [0, 1]");
  }

  @Test
  void commandsOfAWriterInAnotherOrderAreFound() {
    append("4-400", new Pointer(4, 1, STREAM));
    add(STREAM, booked("w0a-0", 0, "4-400"));
    claims.add(new Claim("w0a-0", Map.of("r1/a", 1), Map.of("r1/a", 4L)));
    assertFound(Kind.REORDERED, "command w0a-0 behind number 2");
  }

  @Test
  void aGapInTheLogIsFound() {
    log().remove(1);
    assertFound(Kind.LOST, "log 0 has 3-300 where number 2 is expected");
  }

  @Test
  void anEventThatNoLogNamesIsFound() {
    add(OTHER, booked("w0a-3", 0, "9-9"));
    claims.add(new Claim("w0a-3", Map.of("r1/b", 1), Map.of("r1/b", 2L)));
    assertFound(Kind.LOST, OTHER + " has 2 events, the log names 1");
  }

  @Test
  void aLogThatNamesAnEventTwiceIsFound() {
    append("4-400", new Pointer(3, 1, STREAM));
    assertFound(Kind.DUPLICATED, "log 0 names account:r1/a from 3 on in 4-400");
  }

  @Test
  void aCounterThatDisagreesWithItsLogIsFound() {
    history.counts().put(0, new History.Count(3, 9));
    assertFound(Kind.LOST, "partition 0 counts");
  }

  @Test
  void anEchoThatIsMissingTwiceThereOrLateIsFound() {
    Event last = events(ECHO).removeLast();
    assertFound(Kind.LOST, "there is no echo of account:r1/a/3 2-200");
    add(ECHO, last);
    assertThat(audit().facts()).isEmpty();
    add(ECHO, last);
    assertFound(Kind.DUPLICATED, "is there twice");
    Event first = events(ECHO).removeFirst();
    events(ECHO).removeLast();
    events(ECHO).add(first);
    assertFound(Kind.REORDERED, "comes late");
  }

  @Test
  void anEffectMayHappenTwiceButNotNever() {
    effects.addAll(List.copyOf(effects));
    assertThat(audit().facts()).isEmpty();
    effects.removeIf(key -> key.contains("r1/a/2 "));
    assertFound(Kind.LOST, "effect effects:account:r1/a/2 1-100 has not happened");
  }

  @Test
  void anEchoOfABookingThatIsNotThereIsFoundExceptWhereHistoryMayBeLost() {
    Event unknown = echoed(STREAM, 3, "2-999");
    add(ECHO, new Event("", unknown.data(), unknown.command(), "4-400"));
    append("4-400", new Pointer(4, 1, ECHO));
    history.counts().put(0, new History.Count(4, 9));
    assertFound(Kind.DUPLICATED, "account:r1/a/3 2-999 was never booked");
    var findings = new Findings();
    Audit.run(history, claims, List.of(effects), true, findings);
    assertThat(findings.facts()).isEmpty();
  }

  @Test
  void effectsThatFirstHappenInAnotherOrderAreFound() {
    String first = effects.removeFirst();
    effects.add(first);
    assertFound(Kind.REORDERED, "effect effects:account:r1/a/1 1-100 first happened behind 3");
  }

  @Test
  void rowsThatDifferAreMissingOrTooManyAreFound() {
    rows("totals").put("all", "{\"events\":5,\"cents\":20}");
    assertFound(Kind.DIFFERING_ROWS, "row all of totals");
    rows();
    rows("balances").remove("r1/b");
    assertFound(Kind.DIFFERING_ROWS, "row r1/b of balances is null");
    rows();
    rows("totals").put("ghost", "{\"events\":1,\"cents\":1}");
    assertFound(Kind.DIFFERING_ROWS, "row ghost of totals");
  }
}
