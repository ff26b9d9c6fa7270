package io.refold.projections;

import static io.refold.projections.Guests.append;
import static io.refold.projections.Guests.forget;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.refold.eventstore.Append;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StreamMark;
import io.refold.projections.Guests.Guest;
import io.refold.projections.Guests.Registered;
import io.refold.projections.Guests.Stayed;
import io.refold.projections.Guests.View;
import io.refold.projections.store.Generations.Terms;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What becomes of rows when personal data in their streams is forgotten. */
public abstract class ForgottenDataContract extends StreamMarksSuite {
  private static final String GONE = Guests.REPLACEMENT;

  private Map<String, Guest> rows(View view) {
    return Shop.rows(opened().readModel(view));
  }

  @Test
  void aRowIsFoldedAfreshWithWhatIsReadInsteadOfTheData() {
    View view = View.byGuest();
    append(events(), "1", new Registered("ada", "Ada"), new Stayed(2));
    append(events(), "2", new Registered("bob", "Bob"));
    run(view);
    assertThat(rows(view).get("1")).isEqualTo(new Guest("Ada", 2, 2));

    forget(events(), "1", "ada");
    run(view);
    Map<String, Guest> expected = Map.of("1", new Guest(GONE, 2, 2), "2", new Guest("Bob", 0, 1));
    assertThat(rows(view)).isEqualTo(expected);
    assertThat(opened().status(view).outdated()).isZero();

    Map<String, String> live = json(view);
    rebuild(View.byGuest()); // by a process that still has the data in its cache
    assertThat(json(view)).isEqualTo(live);
  }

  @Test
  void severalMarksInOneBatchLeaveRoomForWhatFollowsThem() {
    append(events(), "1", new Registered("ada", "Ada"), new Registered("bob", "Bob"));
    append(events(), "2", new Registered("ada", "Ada"));
    forget(events(), "1", "ada");
    append(events(), "1", new Stayed(1));
    forget(events(), "1", "bob");
    forget(events(), "2", "ada");
    append(events(), "1", new Stayed(2), new Registered("cy", "Cy"));
    append(events(), "2", new Stayed(4));
    View view = View.byGuest();
    run(view);
    assertThat(rows(view))
        .isEqualTo(
            Map.of(
                "1", new Guest(GONE + " and " + GONE + " and Cy", 3, 5),
                "2", new Guest(GONE, 4, 2)));
  }

  @Test
  void aCrashBetweenTheCommitAndItsSettlementCountsNothingTwice() {
    View view = View.byGuest();
    append(events(), "1", new Registered("ada", "Ada"), new Stayed(2));
    run(view);
    forget(events(), "1", "ada");
    append(events(), "1", new Stayed(3));
    List<LogEntry> log = log("1");
    for (int upTo = 2; upTo <= 3; upTo++) {
      assertThat(applyAndDie(View.byGuest(), log.subList(1, upTo)))
          .isInstanceOf(Target.Result.Applied.class);
    }
    append(events(), "1", new Stayed(4));
    run(view);
    assertThat(rows(view)).isEqualTo(Map.of("1", new Guest(GONE, 9, 4)));
  }

  @Test
  void aLongStreamIsReadWhole() {
    View view = View.byGuest();
    append(events(), "1", new Registered("ada", "Ada"));
    for (int i = 0; i < 5; i++) {
      append(events(), "1", Collections.nCopies(500, new Stayed(1)).toArray(Stayed[]::new));
    }
    run(view);
    forget(events(), "1", "ada");
    append(events(), "1", new Stayed(1));
    run(view);
    assertThat(rows(view)).isEqualTo(Map.of("1", new Guest(GONE, 2_501, 2_502)));
  }

  @Test
  void streamsOfOneRowAreFoldedInTheOrderOfTheLog() {
    View view = View.ofTwoStreams();
    for (int i = 1; i <= 6; i++) {
      var bill =
          Append.of(
              Guests.category("bill"), "1", ExpectedVersion.any(), List.of(named("bill" + i)));
      var guest =
          Append.of(
              Guests.category("guest"), "1", ExpectedVersion.any(), List.of(named("guest" + i)));
      var first = i % 2 == 0 ? bill : guest;
      var second = i % 2 == 0 ? guest : bill;
      if (i <= 4) {
        var both = List.of(first.writes().getFirst(), second.writes().getFirst());
        Shop.position(events().append(new Append(both, "both" + i, first.metadata())));
      } else {
        Shop.position(events().append(first));
        Shop.position(events().append(second));
      }
    }
    run(view);
    Guest before = opened().readModel(view).find("1").orElseThrow();
    assertThat(before.names()).startsWith("guest1 and bill1 and bill2 and guest2 and guest3");
    forget(events(), "1", "guest2");
    events()
        .append(
            Append.of(Guests.category("bill"), "1", ExpectedVersion.any(), List.of(named("last"))));
    run(view);
    String expected = before.names().replace("guest2", GONE) + " and last";
    assertThat(rows(view)).isEqualTo(Map.of("1", new Guest(expected, 0, 13)));
    Map<String, String> live = json(view);
    rebuild(View.ofTwoStreams());
    assertThat(json(view)).isEqualTo(live);
  }

  private static Guests.GuestEvent named(String subject) {
    return new Registered(subject, subject);
  }

  @Test
  void aStreamThatIsDeletedAfterItsDataWasForgottenHasNoRow() {
    View view = View.byGuest();
    append(events(), "1", new Registered("ada", "Ada"));
    run(view);
    forget(events(), "1", "ada");
    List<LogEntry> read = log("1");
    delete(Guests.category("guest"), "1");
    assertThat(applyAndDie(View.byGuest(), read.subList(1, 2)))
        .isInstanceOf(Target.Result.Applied.class);
    run(view);
    assertThat(rows(view)).isEmpty();
  }

  @Test
  void sharedRowsAreLeftAndTheWorkersSayOnceWhichAndTheWayOut() {
    View view = View.inAll();
    append(events(), "1", new Registered("ada", "Ada"));
    append(events(), "1", new Stayed(1));
    run(view);
    try (var logged = new Logged()) {
      forget(events(), "1", "ada");
      run(view);
      run(view);
      assertThat(rows(view)).isEqualTo(Map.of("all", new Guest("Ada", 1, 2)));
      assertThat(opened().status(view).outdated()).isOne();
      assertThat(logged.warnings())
          .singleElement()
          .asString()
          .contains("'in-all'", "guest:1", "rebuild the projection")
          .doesNotContain("ada", "Ada");
    }
    try (var logged = new Logged()) {
      rebuild(View.inAll()); // its codec is told by the mark, which stands behind the data
      assertThat(rows(view)).isEqualTo(Map.of("all", new Guest(GONE, 1, 2)));
      assertThat(opened().status(view).outdated()).isZero();
      assertThat(logged.warnings()).isEmpty();
    }
  }

  @Test
  void rowsThatSharedRowsStandBesideAreLeftTooButGoWithTheirStream() {
    View view = View.ofBothKinds();
    append(events(), "1", new Registered("ada", "Ada"));
    run(view);
    forget(events(), "1", "ada");
    run(view);
    assertThat(rows(view))
        .isEqualTo(Map.of("1", new Guest("Ada", 0, 1), "all", new Guest("Ada", 0, 1)));
    assertThat(opened().status(view).outdated()).isOne();
    delete(Guests.category("guest"), "1");
    run(view);
    assertThat(rows(view)).containsOnlyKeys("all");
  }

  @Test
  void whatWasForgottenDuringARebuildIsSaidOfTheNewRowsToo() {
    View view = View.inAll();
    append(events(), "1", new Registered("ada", "Ada"));
    run(view);
    var run =
        RebuildRun.start(opened(), new RowFormat<>(view), null, "test", Duration.ofMinutes(1));
    try (var workers = DeterministicWorkers.on(opened()).add(view)) {
      run.step();
      workers.runUntilIdle();
      forget(events(), "1", "ada");
      while (!run.progress().ended()) {
        run.step();
        workers.runUntilIdle();
      }
    }
    assertThat(opened().status(view).generation()).hasValue(2);
    assertThat(opened().status(view).outdated()).isOne();
  }

  @Test
  void whatIsForgottenWhileHistoryIsReadIsSaidOfRowsThatHaveItAlready() {
    View view = View.inAll();
    append(events(), "1", new Registered("ada", "Ada"));
    int partition = log("1").getFirst().position().partition();
    Subscription slow = projector(view, SharedEvents.alone(events()));
    slow.pacing().set(new Terms(1, false, true), 1, 1); // one entry at a time
    var owner = owner(slow, partition);
    owner.step(); // takes over
    owner.step(); // reads history
    assertThat(owner.state()).isEqualTo(PartitionState.FILLING);
    forget(events(), "1", "ada");
    owner.step();
    owner.release();
    assertThat(rows(view)).isEqualTo(Map.of("all", new Guest("Ada", 0, 1)));
    assertThat(opened().status(view).outdated()).isOne();
  }

  @Test
  void whatIsForgottenAfterACrashIsSaidOfRowsThatHaveItAlready() {
    View view = View.inAll();
    append(events(), "1", new Registered("ada", "Ada"));
    applyAndDie(view, log("1"));
    forget(events(), "1", "ada");
    run(view);
    assertThat(rows(view)).isEqualTo(Map.of("all", new Guest("Ada", 0, 1)));
    assertThat(opened().status(view).outdated()).isOne();
  }

  @Test
  void aMarkOfAnotherCategoryIsOfNoConcern() {
    View view = View.byGuest();
    append(events(), "1", new Registered("ada", "Ada"));
    events()
        .mark(
            Guests.category("bill").stream("1"),
            new StreamMark.Forgotten("ada"),
            ExpectedVersion.any(),
            "c");
    run(view);
    assertThat(rows(view)).isEqualTo(Map.of("1", new Guest("Ada", 0, 1)));
  }

  /** What the owners log while it is open. */
  private static final class Logged implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger(PartitionOwner.class);
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();

    Logged() {
      appender.start();
      logger.addAppender(appender);
    }

    List<String> warnings() {
      return appender.list.stream()
          .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
          .map(ILoggingEvent::getFormattedMessage)
          .toList();
    }

    @Override
    public void close() {
      logger.detachAppender(appender);
    }
  }
}
