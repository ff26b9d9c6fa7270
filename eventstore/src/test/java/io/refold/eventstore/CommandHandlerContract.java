package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a command handler does, on whatever store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class CommandHandlerContract {
  private final String id = UUID.randomUUID().toString();

  @SuppressWarnings("NullAway.Init") // made before each test
  private CommandHandler<Command, Account, Event> accounts;

  /** Returns a store; it may hold other tests' streams. */
  protected abstract EventStore store();

  @BeforeEach
  void handler() {
    accounts = CommandHandler.on(store(), ACCOUNTS, new AccountDecider()).build();
  }

  @Test
  void aCommandBecomesEventsAtTheNextVersions() {
    accounts.handle(id, new Open("Alice"));
    var handled =
        accounts.handle(
            id, new Deposit(5), CommandOptions.defaults().withMetadata(Metadata.of("user", "bob")));

    assertThat(handled.stream()).isEqualTo(ACCOUNTS.stream(id));
    assertThat(handled.version()).isEqualTo(2);
    assertThat(handled.state()).isEqualTo(new Account(true, 5));
    assertThat(handled.events()).containsExactly(new Deposited(5));
    assertThat(handled.repeat()).isFalse();
    Recorded<Event> last = store().read(ACCOUNTS, id, 1, 10).events().getFirst();
    assertThat(last.position()).isEqualTo(handled.position());
    assertThat(last.metadata()).isEqualTo(Metadata.of("user", "bob"));
    assertThat(accounts.load(id))
        .isEqualTo(
            new Loaded<>(handled.stream(), 2, new Account(true, 5), handled.position(), false));
  }

  @Test
  void aCommandThatChangesNothingWritesNothing() {
    var opened = accounts.handle(id, new Open("Alice"));
    var again = accounts.handle(id, new Open("Alice"));

    assertThat(again.events()).isEmpty();
    assertThat(again.version()).isEqualTo(1);
    assertThat(again.position()).isEqualTo(opened.position());
    assertThat(store().read(ACCOUNTS.stream(id), 0, 10)).hasSize(1);
  }

  @Test
  void aRefusedCommandWritesNothing() {
    var refused =
        catchThrowableOfType(
            CommandRejectedException.class, () -> accounts.handle(id, new Deposit(5)));

    assertThat(refused.code()).isEqualTo("account-closed");
    assertThat(accounts.load(id).version()).isZero();
    assertThat(accounts.load(id).position())
        .isEqualTo(Position.origin(store().partitionOf(ACCOUNTS.stream(id))));
  }

  @Test
  void manyWritersOfOneAggregateAllGetTheirTurn() throws Exception {
    accounts.handle(id, new Open("Alice"));
    int writers = 32;
    int each = 10;
    int deposits = writers * each;
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var tasks = new ArrayList<Callable<Void>>();
      for (int w = 0; w < writers; w++) {
        tasks.add(() -> {
          for (int i = 0; i < each; i++) {
            accounts.handle(id, new Deposit(1));
          }
          return null;
        });
      }
      for (var task : executor.invokeAll(tasks)) {
        task.get();
      }
    }

    long events = 1L + deposits;
    assertThat(accounts.load(id).state()).isEqualTo(new Account(true, deposits));
    assertThat(store().read(ACCOUNTS.stream(id), 0, 1_000))
        .extracting(StoredEvent::version)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events).boxed().toList());
  }

  @Test
  void aCommandWithTheSameIdIsHandledOnceEvenAfterNewerEventsAndARestart() {
    var once = CommandOptions.defaults().withCommandId("deposit-" + id);
    accounts.handle(id, new Open("Alice"));
    var first = accounts.handle(id, new Deposit(5), once);
    var newest = accounts.handle(id, new Deposit(7));

    var restarted = CommandHandler.on(store(), ACCOUNTS, new AccountDecider()).build();
    var repeat = restarted.handle(id, new Deposit(5), once);

    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.events()).isEqualTo(first.events());
    assertThat(repeat.state()).isEqualTo(new Account(true, 12));
    assertThat(repeat.version()).isEqualTo(3);
    assertThat(repeat.position().sequence()).isGreaterThanOrEqualTo(newest.position().sequence());
    assertThat(store().read(ACCOUNTS.stream(id), 0, 10)).hasSize(3);
  }

  @Test
  void aRepeatHasAllEventsOfItsCommandHoweverManyTheyAre() {
    var decider =
        new AccountDecider() {
          @Override
          public List<Event> decide(Command command, Account account, Context context) {
            return Collections.nCopies(300, new Deposited(1));
          }
        };
    var generous = CommandHandler.on(store(), ACCOUNTS, decider).build();
    var once = CommandOptions.defaults().withCommandId("generous-" + id);
    accounts.handle(id, new Open("Alice"));
    generous.handle(id, new Deposit(1), once);

    var repeat = generous.handle(id, new Deposit(1), once);

    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.events()).hasSize(300);
    assertThat(repeat.version()).isEqualTo(301);
  }

  @Test
  void whereAConnectionIsLostDuringAnAppendTheAnswerIsReadFromTheStream() {
    var reads = new AtomicInteger();
    var lost = new AtomicInteger();
    var disturbed =
        new ForwardingStore(store()) {
          @Override
          public AppendResult append(Append append) {
            var result = super.append(append);
            lost.incrementAndGet();
            return result;
          }

          @Override
          public long disruptions() {
            return lost.get();
          }

          @Override
          public List<StoredEvent> read(StreamId stream, long afterVersion, int limit) {
            reads.incrementAndGet();
            return super.read(stream, afterVersion, limit);
          }
        };
    var handler = CommandHandler.on(disturbed, ACCOUNTS, new AccountDecider()).build();

    assertThat(handler.handle(id, new Open("Alice")).state()).isEqualTo(new Account(true, 0));
    assertThat(reads).as("before and after").hasValue(2);
    assertThat(handler.handle(id, new Deposit(1)).state()).isEqualTo(new Account(true, 1));
    assertThat(reads).as("nothing was kept across the loss").hasValueGreaterThanOrEqualTo(3);
  }

  @Test
  void whatCannotBeFoldedIsNotWritten() {
    var decider =
        new AccountDecider() {
          @Override
          public Account evolve(Account account, Event event) {
            throw new UnsupportedOperationException("no such event");
          }
        };

    assertThatThrownBy(() ->
            CommandHandler.on(store(), ACCOUNTS, decider).build().handle(id, new Open("Alice")))
        .isInstanceOf(UnsupportedOperationException.class);

    assertThat(store().read(ACCOUNTS.stream(id), 0, 10)).isEmpty();
  }

  @Test
  void aWeigherThatFailsDoesNotHideWhatWasDone() {
    var handler =
        CommandHandler.on(store(), ACCOUNTS, new AccountDecider())
            .cache(StateCache.weighing(100, account -> -1))
            .build();

    assertThat(handler.handle(id, new Open("Alice")).version()).isEqualTo(1);
    assertThat(handler.handle(id, new Deposit(1)).version()).isEqualTo(2);
  }

  @Test
  void anExpectedVersionThatIsNotThereIsAConflictAtOnce() {
    accounts.handle(id, new Open("Alice"));

    var conflict =
        catchThrowableOfType(
            CommandConflictException.class,
            () ->
                accounts.handle(
                    id, new Deposit(5), CommandOptions.defaults().withExpectedVersion(0)));

    assertThat(conflict.expected()).isZero();
    assertThat(conflict.actual()).isEqualTo(1);
    assertThat(conflict.stream()).isEqualTo(ACCOUNTS.stream(id));
    accounts.handle(id, new Deposit(5), CommandOptions.defaults().withExpectedVersion(1));
  }

  @Test
  void aConflictIsDecidedAgainOnTheNewStateAtTheSameTimeAndWithTheSameIds() {
    accounts.handle(id, new Open("Alice"));
    var contexts = new ArrayList<Context>();
    var interrupted = handlerInterruptedBy(() -> accounts.handle(id, new Deposit(100)), contexts);

    var handled =
        interrupted
            .clock(Clock.tick(Clock.systemUTC(), Duration.ofNanos(1)))
            .build()
            .handle(id, new Deposit(1));

    assertThat(handled.version()).isEqualTo(3);
    assertThat(handled.state()).isEqualTo(new Account(true, 101));
    assertThat(contexts).extracting(Context::version).containsExactly(1L, 2L);
    assertThat(contexts).extracting(Context::now).containsOnly(contexts.getFirst().now());
    assertThat(contexts)
        .extracting(context -> context.derivedId("receipt"))
        .containsOnly(contexts.getFirst().derivedId("receipt"))
        .doesNotContain(contexts.getFirst().derivedId("invoice"));
  }

  @Test
  void afterAConflictNothingIsReadAgain() {
    accounts.handle(id, new Open("Alice"));
    var reads = new AtomicInteger();
    var counting =
        new ForwardingStore(store()) {
          @Override
          public List<StoredEvent> read(StreamId stream, long afterVersion, int limit) {
            reads.incrementAndGet();
            return super.read(stream, afterVersion, limit);
          }
        };
    var handler =
        CommandHandler.on(
                counting,
                ACCOUNTS,
                interruptedBy(() -> accounts.handle(id, new Deposit(100)), new ArrayList<>()))
            .build();

    assertThat(handler.handle(id, new Deposit(1)).state()).isEqualTo(new Account(true, 101));
    assertThat(reads).hasValue(1);
  }

  @Test
  void withoutRetriesTheFirstConflictIsTheCallers() {
    accounts.handle(id, new Open("Alice"));
    var handler =
        handlerInterruptedBy(() -> accounts.handle(id, new Deposit(100)), new ArrayList<>())
            .conflicts(ConflictPolicy.fail())
            .build();

    assertThatThrownBy(() -> handler.handle(id, new Deposit(1)))
        .isInstanceOf(CommandConflictException.class)
        .hasMessageContaining("is at version 2, not 1")
        .hasMessageEndingWith("load it again and decide anew");
    assertThat(accounts.load(id).state()).isEqualTo(new Account(true, 100));
  }

  @Test
  void theTimeOfADecisionComesFromTheHandlersClock() {
    var contexts = new ArrayList<Context>();
    Instant noon = Instant.parse("2001-02-03T12:00:00Z");
    handlerInterruptedBy(() -> null, contexts)
        .clock(Clock.fixed(noon, ZoneOffset.UTC))
        .build()
        .handle(id, new Open("Alice"));

    assertThat(contexts).extracting(Context::now).containsExactly(noon);
    assertThat(contexts.getFirst().id()).isEqualTo(id);
  }

  @Test
  void aLostReplyIsReportedAndTheRepeatDoesNoHarm() {
    accounts.handle(id, new Open("Alice"));
    var deaf =
        new ForwardingStore(store()) {
          @Override
          public AppendResult append(Append append) {
            super.append(append);
            return new AppendResult.Unknown(new IllegalStateException("cable cut"));
          }
        };
    var handler = CommandHandler.on(deaf, ACCOUNTS, new AccountDecider()).build();

    var unknown =
        catchThrowableOfType(
            CommandOutcomeUnknownException.class, () -> handler.handle(id, new Deposit(5)));
    var repeat =
        accounts.handle(
            id, new Deposit(5), CommandOptions.defaults().withCommandId(unknown.commandId()));

    assertThat(unknown).hasMessageContaining(unknown.commandId()).hasMessageContaining("cable cut");
    assertThat(repeat.repeat()).isTrue();
    assertThat(accounts.load(id).state()).isEqualTo(new Account(true, 5));
  }

  @Test
  void anInvalidCommandIsRefusedWithAllViolationsBeforeAnythingIsRead() {
    var blind =
        new ForwardingStore(store()) {
          @Override
          public List<StoredEvent> read(StreamId stream, long afterVersion, int limit) {
            throw new AssertionError("read");
          }
        };
    var handler = CommandHandler.on(blind, ACCOUNTS, new AccountDecider()).build();

    assertThatThrownBy(() -> handler.handle(id, new Deposit(0)))
        .isInstanceOf(CommandInvalidException.class)
        .hasMessage("Deposit is invalid: cents must be greater than 0");
  }

  @Test
  void whatIsDoneIsAnsweredAsDecidedThoughALaterEventCannotBeFolded() {
    accounts.handle(id, new Open("Alice"));
    var written = new AtomicReference<AppendResult>();
    var disturbed =
        new ForwardingStore(store()) {
          @Override
          public AppendResult append(Append append) {
            var result = super.append(append);
            super.append(unreadable());
            written.set(result);
            return result;
          }

          @Override
          public long disruptions() {
            return written.get() == null ? 0 : 1;
          }
        };
    var handler = CommandHandler.on(disturbed, ACCOUNTS, new AccountDecider()).build();

    var handled = handler.handle(id, new Deposit(5));

    assertThat(handled.version()).isEqualTo(2);
    assertThat(handled.state()).isEqualTo(new Account(true, 5));
    assertThat(handled.events()).containsExactly(new Deposited(5));
    assertThat(handled.repeat()).isFalse();
    assertThat(written.get())
        .isInstanceOfSatisfying(
            AppendResult.Appended.class,
            appended -> assertThat(handled.position()).isEqualTo(appended.position()));
  }

  @Test
  void aRepeatWhoseAnswerCannotBeFoldedHasAnUnknownOutcome() {
    var once = CommandOptions.defaults().withCommandId("deposit-" + id);
    accounts.handle(id, new Open("Alice"));
    var elsewhere = CommandHandler.on(store(), ACCOUNTS, new AccountDecider()).build();
    elsewhere.handle(id, new Deposit(5), once);
    store().append(unreadable());

    assertThatThrownBy(() -> accounts.handle(id, new Deposit(5), once))
        .isInstanceOf(CommandOutcomeUnknownException.class)
        .hasCauseInstanceOf(UnreadableEventException.class)
        .hasMessageContaining("deposit-" + id);
  }

  private Append unreadable() {
    var broken = new EncodedEvent("opened", new byte[] {'{'});
    var write = new Append.StreamWrite(ACCOUNTS.stream(id), ExpectedVersion.any(), List.of(broken));
    return new Append(List.of(write), "broken", Metadata.empty());
  }

  @Test
  void anEventThatCannotBeReadNamesStreamVersionTypeAndReason() {
    store().append(unreadable());

    assertThatThrownBy(() -> accounts.handle(id, new Deposit(1)))
        .isInstanceOf(UnreadableEventException.class)
        .hasMessageContaining("event 1 of account:" + id + " (type 'opened') cannot be read");
  }

  @Test
  void longHistoriesAreFoldedToTheEnd() {
    accounts.handle(id, new Open("Alice"));
    for (int i = 0; i < 3; i++) {
      store()
          .append(
              Append.of(
                  ACCOUNTS, id, ExpectedVersion.any(), EventStoreContract.deposits(1, 1_000)));
    }

    assertThat(accounts.load(id).version()).isEqualTo(3_001);
    assertThat(accounts.handle(id, new Deposit(1)).state().cents()).isEqualTo(3 * 500_500 + 1);
  }

  /** A handler whose first decision is overtaken by another writer. */
  private CommandHandler.Builder<Command, Account, Event> handlerInterruptedBy(
      Callable<?> otherWriter, List<Context> contexts) {
    return CommandHandler.on(store(), ACCOUNTS, interruptedBy(otherWriter, contexts));
  }

  private static Decider<Command, Account, Event> interruptedBy(
      Callable<?> otherWriter, List<Context> contexts) {
    var calls = new AtomicInteger();
    return new Decider<>() {
      private final Decider<Command, Account, Event> real = new AccountDecider();

      @Override
      public Account initialState() {
        return real.initialState();
      }

      @Override
      public List<? extends Event> decide(Command command, Account state, Context context) {
        contexts.add(context);
        if (calls.incrementAndGet() == 1) {
          try {
            var unused = otherWriter.call();
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        }
        return real.decide(command, state, context);
      }

      @Override
      public Account evolve(Account state, Event event) {
        return real.evolve(state, event);
      }
    };
  }
}
