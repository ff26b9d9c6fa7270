package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Close;
import io.refold.eventstore.Accounts.Closed;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Accounts.Opened;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class DeciderScenarioTest {
  private static final Account OPEN = new Account(true, 5);

  private final DeciderScenario<Command, Account, Event> account =
      DeciderScenario.of(new AccountDecider());

  /** A decider of texts, whose state is the last event. */
  private static DeciderScenario<String, String, Object> texts(
      BiFunction<String, Context, List<Object>> decide) {
    return DeciderScenario.of(
        new Decider<String, String, Object>() {
          @Override
          public String initialState() {
            return "nothing";
          }

          @Override
          public List<Object> decide(String command, String state, Context context) {
            return decide.apply(command, context);
          }

          @Override
          public String evolve(String state, Object event) {
            if (event.equals("unknown")) {
              throw new IllegalStateException("no case for " + event);
            }
            return event.toString();
          }
        });
  }

  private static DeciderScenario<String, String, Object> deciding(Object... events) {
    return texts((command, context) -> List.of(events));
  }

  private static String failure(ThrowingCallable expectation) {
    return String.valueOf(catchThrowableOfType(AssertionError.class, expectation).getMessage());
  }

  @Test
  void expectedOutcomesPass() {
    account.when(new Open("Alice")).then(new Opened("Alice")).thenState(new Account(true, 0));
    account.given(new Opened("Alice")).when(new Open("Alice")).thenNothing();
    account
        .when(new Deposit(5))
        .thenRejected("account-closed")
        .thenRejected(CommandRejectedException.class)
        .thenRejected(CommandRejectedException.class, "account-closed");
    account
        .when(new Deposit(-5))
        .thenInvalid("cents")
        .thenViolation("cents", "must be greater than 0");
    assertThat(account.given(new Opened("Alice")).when(new Deposit(5)).events())
        .containsExactly(new Deposited(5));
    assertThat(account.when(new Open("Alice")).state()).isEqualTo(new Account(true, 0));
  }

  @Test
  void eventsAreComparedLineByLine() {
    var many =
        DeciderScenario.of(
            new Decider<List<Event>, Account, Event>() {
              @Override
              public Account initialState() {
                return OPEN;
              }

              @Override
              public List<Event> decide(List<Event> command, Account state, Context context) {
                return command;
              }

              @Override
              public Account evolve(Account state, Event event) {
                return state;
              }
            });
    List<Event> decided =
        List.of(new Closed(), new Opened("Alice"), new Deposited(6), new Deposited(7));

    assertThat(
            failure(() ->
                many.when(decided)
                    .then(
                        new Opened("Alice"),
                        new Deposited(5),
                        new Opened("Bob"),
                        new Deposited(7))))
        .isEqualTo(
            """
            when [Closed[], Opened[owner=Alice], Deposited[cents=6], Deposited[cents=7]]
              in state Account[open=true, cents=5] at version 0
              other events than expected (= equal, ~ changed, - missing, + unexpected):
                + Closed[]
                = Opened[owner=Alice]
                ~ Deposited[cents=6]
                    cents: expected 5, was 6
                - Opened[owner=Bob]
                = Deposited[cents=7]\
            """);
  }

  @Test
  void eventsWhereNothingWasExpectedAreListed() {
    assertThat(failure(() -> account.when(new Open("Alice")).thenNothing()))
        .isEqualTo(
            """
            when Open[owner=Alice]
              in state Account[open=false, cents=0] at version 0
              other events than expected (= equal, ~ changed, - missing, + unexpected):
                + Opened[owner=Alice]\
            """);
  }

  @Test
  void statesAreComparedByTheirComponents() {
    var open = account.given(new Opened("Alice"), new Deposited(5));

    assertThat(failure(() -> open.when(new Deposit(2)).thenState(new Account(false, 7))))
        .isEqualTo(
            """
            when Deposit[cents=2]
              in state Account[open=true, cents=5] at version 2
              another state than expected (= equal, ~ changed, - missing, + unexpected):
                ~ Account[open=true, cents=7]
                    open: expected false, was true\
            """);
    assertThat(failure(() -> deciding("a").when("go").thenState("b")))
        .isEqualTo(
            """
            when go
              in state nothing at version 0
              another state than expected (= equal, ~ changed, - missing, + unexpected):
                - b
                + a\
            """);
  }

  private record Place(String city, Point at) {}

  private record Point(int x, int y) {}

  private record Holder(Object value) {}

  /** Has no {@code equals}. */
  private static final class Text {
    @Override
    public String toString() {
      return "text";
    }
  }

  @Test
  void componentsOfInnerRecordsAreNamedByTheirPath() {
    var decided = new Place("Oslo", new Point(1, 2));

    assertThat(failure(() -> deciding(decided).when("go").then(new Place("Rome", new Point(1, 3)))))
        .endsWith(
            """
            (= equal, ~ changed, - missing, + unexpected):
                ~ Place[city=Oslo, at=Point[x=1, y=2]]
                    city: expected Rome, was Oslo
                    at.y: expected 3, was 2\
            """);
  }

  @Test
  void valuesThatReadTheSameAreToldApart() {
    assertThat(failure(() -> deciding(5).when("go").then(5L)))
        .endsWith("    - 5 (Long)\n    + 5 (Integer)");
    assertThat(failure(() -> deciding(new Text()).when("go").then(new Text())))
        .endsWith("    - text\n    + text (same text, but not equal)");
    assertThat(failure(() -> deciding(new Holder(5)).when("go").then(new Holder("5"))))
        .endsWith("    ~ Holder[value=5]\n        value: expected 5 (String), was 5 (Integer)");
  }

  @Test
  void aRefusalWhereEventsWereExpectedShowsItsCodeAndMessage() {
    var closing = account.givenState(OPEN).when(new Close());
    String refused =
        """
        when Close[]
          in state Account[open=true, cents=5] at version 1
          expected: %s
          actual:   CommandRejectedException 'account-not-empty': account is not empty\
        """;

    assertThat(failure(() -> closing.then(new Closed())))
        .isEqualTo(refused.formatted("events [Closed[]]"));
    assertThat(failure(closing::thenNothing)).isEqualTo(refused.formatted("no events"));
    assertThat(failure(closing::events)).isEqualTo(refused.formatted("events"));
    assertThat(failure(closing::state)).isEqualTo(refused.formatted("a state"));
    assertThat(failure(() -> closing.thenState(OPEN)))
        .isEqualTo(refused.formatted("state " + OPEN));
    assertThat(failure(() -> closing.thenInvalid("cents")))
        .isEqualTo(refused.formatted("invalid fields [cents]"));
    assertThatThrownBy(closing::thenNothing).hasCauseInstanceOf(CommandRejectedException.class);
  }

  private static final class NotEmptyException extends CommandRejectedException {
    private static final long serialVersionUID = 1L;

    NotEmptyException() {
      super("not-empty", "it is not empty");
    }
  }

  @Test
  void aRejectionIsExpectedByTypeAndCode() {
    var refused =
        texts(
                (command, context) -> {
                  throw new NotEmptyException();
                })
            .when("go");
    refused
        .thenRejected(NotEmptyException.class)
        .thenRejected(NotEmptyException.class, "not-empty")
        .thenRejected(CommandRejectedException.class, "not-empty");

    assertThat(failure(() -> refused.thenRejected(NotEmptyException.class, "full")))
        .isEqualTo(
            """
            when go
              in state nothing at version 0
              expected: a NotEmptyException 'full'
              actual:   NotEmptyException 'not-empty': it is not empty\
            """);
    assertThat(failure(() -> refused.thenRejected("full")))
        .contains("expected: a CommandRejectedException 'full'");
    assertThat(failure(() -> account.when(new Close()).thenRejected(NotEmptyException.class)))
        .isEqualTo(
            """
            when Close[]
              in state Account[open=false, cents=0] at version 0
              expected: a NotEmptyException
              actual:   events [Closed[]] and state Account[open=false, cents=0]\
            """);
    assertThat(failure(() -> account.when(new Deposit(5)).thenRejected(NotEmptyException.class)))
        .endsWith(
            "  expected: a NotEmptyException\n"
                + "  actual:   CommandRejectedException 'account-closed': account is not open");
    assertThat(
            failure(() ->
                account
                    .when(new Deposit(5))
                    .thenRejected(NotEmptyException.class, "account-closed")))
        .contains("actual:   CommandRejectedException 'account-closed'");
  }

  @Test
  void violationsAreExpectedByFieldAndMessage() {
    var invalid = account.when(new Deposit(-5));
    String actual =
        "  actual:   CommandInvalidException: Deposit is invalid: cents must be greater than 0";

    assertThat(failure(() -> invalid.thenInvalid("cents", "owner")))
        .endsWith("  expected: invalid fields [cents, owner]\n" + actual);
    assertThat(failure(() -> invalid.thenViolation("cents", "must be odd")))
        .endsWith("  expected: the violation 'cents must be odd'\n" + actual);
    assertThat(failure(() -> account.when(new Open("Alice")).thenInvalid()))
        .endsWith(
            "  expected: invalid fields []\n"
                + "  actual:   events [Opened[owner=Alice]] and state Account[open=true, cents=0]");
  }

  @Test
  void aFailureOfTheDeciderIsShownAsABug() {
    assertThatThrownBy(() ->
            texts(
                    (command, context) -> {
                      throw new IllegalStateException("broken");
                    })
                .when("go"))
        .isInstanceOf(AssertionError.class)
        .hasMessage(
            """
            when go
              in state nothing at version 0
              the decider failed, which is a bug: java.lang.IllegalStateException: broken\
            """)
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThat(failure(() -> texts((command, context) -> bug()).when("go")))
        .contains("the decider returned null, which is a bug");
    String folding =
        "folding unknown into state a failed, which is a bug: "
            + "java.lang.IllegalStateException: no case for unknown";
    assertThat(failure(() -> deciding().given("a", "unknown"))).isEqualTo(folding);
    assertThat(failure(() -> deciding("a", "unknown").when("go"))).isEqualTo(folding);
  }

  @SuppressWarnings("NullAway") // what a decider must not do
  private static List<Object> bug() {
    return null;
  }

  @Test
  void aScenarioStartsFromAState() {
    var versions = texts((command, context) -> List.of(context.version()));

    account.givenState(OPEN).when(new Deposit(2)).thenState(new Account(true, 7));
    account
        .givenState(OPEN)
        .given(new Deposited(2))
        .when(new Deposit(2))
        .thenState(new Account(true, 9));
    versions.givenState("x").when("version").then(1L);
    versions.givenState("x", 41).given("y").when("version").then(42L);
    assertThatThrownBy(() -> versions.givenState("x", -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
  }

  @Test
  void theTimeIsFixedAndCanBeSet() {
    var times = texts((command, context) -> List.of(context.now()));
    var other = Instant.parse("2024-02-29T12:00:00Z");

    times.when("time").then(DeciderScenario.NOW);
    times.at(other).given("something").givenState("x").when("time").then(other);
    times.when("time").then(DeciderScenario.NOW);
  }

  @Test
  void aDeciderWithoutClockAndRandomnessIsDeterministic() {
    account.when(new Open("Alice")).thenDeterministic();
    account.when(new Deposit(5)).thenDeterministic();
    var calls = new ArrayList<String>();
    var counting =
        texts((command, context) -> {
          calls.add(command);
          return List.of(calls.size());
        });

    assertThat(failure(() -> counting.when("go").thenDeterministic()))
        .isEqualTo(
            """
            when go
              in state nothing at version 0
              decided again in the same state
              other events than expected (= equal, ~ changed, - missing, + unexpected):
                - 1
                + 2\
            """);
  }

  @Test
  void aCommandThatMayBeRepeatedChangesNothingThen() {
    account.when(new Open("Alice")).then(new Opened("Alice")).thenIdempotent();
    account.when(new Deposit(5)).thenIdempotent();
    account.when(new Deposit(-5)).thenIdempotent();

    assertThat(failure(() -> account.givenState(OPEN).when(new Deposit(2)).thenIdempotent()))
        .isEqualTo(
            """
            when Deposit[cents=2]
              in state Account[open=true, cents=5] at version 1
              given once more
              other events than expected (= equal, ~ changed, - missing, + unexpected):
                + Deposited[cents=2]\
            """);
    var once =
        texts((command, context) -> {
          if (context.version() > 0) {
            throw new CommandRejectedException("done", "it is done");
          }
          return List.of("a");
        });
    assertThat(failure(() -> once.when("go").thenIdempotent()))
        .endsWith("  expected: no events\n  actual:   CommandRejectedException 'done': it is done");
  }

  @Test
  void aRefusedCommandMustBeRefusedInTheSameWayAgain() {
    var codes = new ArrayList<String>();
    var moody =
        texts((command, context) -> {
          codes.add(command);
          throw new CommandRejectedException("code-" + codes.size(), "no");
        });

    assertThat(failure(() -> moody.when("go").thenIdempotent()))
        .endsWith(
            "  expected: CommandRejectedException 'code-1': no\n"
                + "  actual:   CommandRejectedException 'code-2': no");
  }
}
