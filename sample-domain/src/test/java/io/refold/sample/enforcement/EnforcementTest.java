package io.refold.sample.enforcement;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.ProjectionStore;
import io.refold.projections.StartAt;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.reactions.Instance;
import io.refold.projections.reactions.Processes;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.fine.Activity;
import io.refold.sample.fine.Fine;
import io.refold.sample.fine.FineCommand;
import io.refold.sample.fine.FineCommand.CreateFine;
import io.refold.sample.fine.FineCommand.FileAppeal;
import io.refold.sample.fine.FineCommand.NotifyFine;
import io.refold.sample.fine.FineCommand.NotifyResult;
import io.refold.sample.fine.FineCommand.ReceiveResult;
import io.refold.sample.fine.FineCommand.RecordPayment;
import io.refold.sample.fine.FineCommand.SendAppeal;
import io.refold.sample.fine.FineCommand.SendFine;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.FineEvent.PenaltyAdded;
import io.refold.sample.fine.FineEvent.SentToCollection;
import io.refold.sample.fine.VehicleClass;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fine that is not paid gets dearer, and then goes to collection. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EnforcementTest {
  private static final LocalDate NOTIFIED = LocalDate.of(2006, 8, 13);
  private static final LocalDate PENALTY = NOTIFIED.plusDays(60);

  private static final FineCommand CREATED =
      new CreateFine(NOTIFIED.minusDays(20), 35_00, VehicleClass.A, 157, 0, "561", null);
  private static final FineCommand SENT = new SendFine(NOTIFIED.minusDays(10), 11_00);

  private final Calendar calendar = new Calendar();

  /** A clock that stands at the beginning of a day. */
  private static final class Calendar extends Clock {
    private LocalDate today = NOTIFIED;

    @Override
    public Instant instant() {
      return today.atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  /** A fine and the process, on one store. */
  private final class Office implements AutoCloseable {
    final EventStore events;
    final CommandHandler<FineCommand, Fine, FineEvent> fines;
    final Processes<Fine, FineCommand> enforcement;
    final DeterministicWorkers workers;

    /** Opens with fines that were there before the process. */
    Office(ProjectionStore store, FineCommand... before) {
      events = store.events();
      fines = CommandHandler.on(events, FineDecider.FINES, new FineDecider()).build();
      enforcement = Processes.of(new Enforcement(events, StartAt.now()), calendar);
      workers = DeterministicWorkers.on(store).add(enforcement);
      for (FineCommand command : before) {
        handle(command);
      }
      workers.runUntilIdle();
      handle(CREATED);
      handle(SENT);
      handle(new NotifyFine(NOTIFIED, "P", "P"));
    }

    void handle(FineCommand command) {
      fines.handle("A1", command);
    }

    void on(LocalDate day) {
      calendar.today = day;
      workers.runUntilIdle();
    }

    Fine fine() {
      return fines.load("A1").state();
    }

    @Override
    public void close() {
      workers.close();
    }
  }

  private Office office() {
    return new Office(InMemoryProjectionStore.on(new InMemoryEventStore()));
  }

  /** An office whose process has not seen how the fine was created. */
  private Office lateOffice() {
    return new Office(InMemoryProjectionStore.on(new InMemoryEventStore()), CREATED, SENT);
  }

  private static void goesItsWay(Office office) {
    office.on(PENALTY.minusDays(1));
    assertThat(office.fine().has(Activity.ADD_PENALTY)).isFalse();
    office.on(PENALTY);
    assertThat(office.fine().penalty()).isEqualTo(new PenaltyAdded(PENALTY, 70_00));
    office.on(PENALTY.plusDays(209));
    assertThat(office.fine().has(Activity.COLLECT)).isFalse();
    office.on(PENALTY.plusDays(210));
    assertThat(office.fine().collected()).isEqualTo(new SentToCollection(PENALTY.plusDays(210)));
    assertThat(office.enforcement.find(office.events, "A1"))
        .map(Instance::deadlines)
        .hasValueSatisfying(deadlines -> assertThat(deadlines).isEmpty());
  }

  @Test
  void anUnpaidFineGetsItsPenaltyAndGoesToCollection() {
    try (Office office = office()) {
      goesItsWay(office);
    }
  }

  @Test
  void itDoesSoInRedisToo() {
    try (var redis = EmbeddedRedis.start();
        var events = RedisEventStore.connect(redis.url());
        var office = new Office(RedisProjectionStore.on(events))) {
      goesItsWay(office);
    }
  }

  @Test
  void aFineThatIsPaidInTimeIsLeftAlone() {
    try (Office office = office()) {
      office.on(NOTIFIED);
      office.handle(new RecordPayment(NOTIFIED.plusDays(5), 46_00, 46_00));
      office.on(PENALTY.plusDays(999));
      assertThat(office.fine().has(Activity.ADD_PENALTY)).isFalse();
    }
  }

  @Test
  void aFineThatIsPaidInPartGoesItsWay() {
    try (Office office = office()) {
      office.on(NOTIFIED);
      office.handle(new RecordPayment(NOTIFIED.plusDays(5), 45_00, 45_00));
      office.on(PENALTY);
      assertThat(office.fine().has(Activity.ADD_PENALTY)).isTrue();
      office.handle(new RecordPayment(PENALTY.plusDays(5), 36_00, 81_00));
      office.on(PENALTY.plusDays(999));
      assertThat(office.fine().has(Activity.COLLECT)).isFalse();
    }
  }

  @Test
  void theResultOfAnAppealIsWaitedFor() {
    try (Office office = office()) {
      office.on(PENALTY);
      office.handle(new FileAppeal(PENALTY.plusDays(1)));
      office.on(PENALTY.plusDays(210));
      assertThat(office.fine().has(Activity.COLLECT)).isFalse();
      office.handle(new SendAppeal(PENALTY.plusDays(211), null));
      office.handle(new ReceiveResult(PENALTY.plusDays(212)));
      office.handle(new NotifyResult(PENALTY.plusDays(213)));
      office.on(PENALTY.plusDays(240));
      assertThat(office.fine().collected()).isEqualTo(new SentToCollection(PENALTY.plusDays(240)));
    }
  }

  @Test
  void aFineThatThePrefectureDismissesIsLeftAlone() {
    try (Office office = office()) {
      office.on(PENALTY);
      office.handle(new FileAppeal(PENALTY.plusDays(1)));
      office.handle(new SendAppeal(PENALTY.plusDays(2), "#"));
      office.on(PENALTY.plusDays(999));
      assertThat(office.fine().has(Activity.COLLECT)).isFalse();
    }
  }

  @Test
  void aPenaltyThatSomebodyElseHasAddedIsNotAddedTwice() {
    try (Office office = office()) {
      office.on(NOTIFIED);
      calendar.today = PENALTY;
      office.handle(new FineCommand.AddPenalty(PENALTY, 99_00));
      office.workers.runUntilIdle();
      assertThat(office.fine().penalty()).isEqualTo(new PenaltyAdded(PENALTY, 99_00));
      assertThat(List.copyOf(office.events.history(FineDecider.FINES, "A1").toList())).hasSize(4);
    }
  }

  @Test
  void aFineFromBeforeTheProcessGoesItsWay() {
    try (Office office = lateOffice()) {
      goesItsWay(office);
    }
  }

  @Test
  void aFineFromBeforeTheProcessThatIsPaidInPartGoesItsWay() {
    try (Office office = lateOffice()) {
      office.on(NOTIFIED);
      office.handle(new RecordPayment(NOTIFIED.plusDays(5), 45_00, 45_00));
      goesItsWay(office);
    }
  }

  @Test
  void aFineFromBeforeTheProcessThatIsPaidIsLeftAlone() {
    try (Office office = lateOffice()) {
      office.on(NOTIFIED);
      office.handle(new RecordPayment(NOTIFIED.plusDays(5), 46_00, 46_00));
      office.on(PENALTY.plusDays(999));
      assertThat(office.fine().has(Activity.ADD_PENALTY)).isFalse();
    }
  }

  @Test
  void whatWasPaidInPartMeanwhileDoesNotKeepALateWorkerFromCollection() {
    try (Office office = office()) {
      office.on(PENALTY);
      office.handle(new RecordPayment(PENALTY.plusDays(215), 10_00, 10_00));
      office.on(PENALTY.plusDays(220));
      assertThat(office.fine().collected()).isEqualTo(new SentToCollection(PENALTY.plusDays(215)));
    }
  }
}
