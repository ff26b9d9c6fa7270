package io.refold.sample.enforcement;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.Recorded;
import io.refold.projections.StartAt;
import io.refold.projections.reactions.BusinessProcess;
import io.refold.projections.reactions.Deadline;
import io.refold.projections.reactions.Outgoing;
import io.refold.projections.reactions.Step;
import io.refold.projections.reactions.Trigger;
import io.refold.sample.fine.Fine;
import io.refold.sample.fine.FineCommand;
import io.refold.sample.fine.FineCommand.AddPenalty;
import io.refold.sample.fine.FineCommand.SendToCollection;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.FineEvent.FineCreated;
import io.refold.sample.fine.FineEvent.FineNotified;
import io.refold.sample.fine.FineEvent.PenaltyAdded;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;

/**
 * Enforces fines: one that is not paid within 60 days from its notification gets its penalty, twice
 * the amount; one that is not paid 210 days later goes to credit collection, unless an appeal is
 * pending, which is waited for. Days begin at midnight UTC.
 */
public final class Enforcement implements BusinessProcess<Fine, FineCommand> {
  private static final String PENALTY = "penalty";
  private static final String COLLECTION = "collection";
  private static final int DAYS_TO_PAY = 60;
  private static final int DAYS_TO_COLLECTION = 210;
  private static final int DAYS_TO_ASK_AGAIN = 30;

  /** What the fine's own rules say where it has moved on, before this process knew. */
  private static final Set<String> MOVED_ON =
      Set.of(
          "already-done",
          "appeal-pending",
          "closed",
          "dismissed",
          "dismissed-at-creation",
          "nothing-outstanding");

  private final CommandHandler<FineCommand, Fine, FineEvent> fines;
  private final StartAt start;
  private final FineDecider decider = new FineDecider();

  /**
   * Makes the process.
   *
   * @param store where the fines are
   * @param start with which fines it begins
   */
  public Enforcement(EventStore store, StartAt start) {
    this.fines = CommandHandler.on(store, FineDecider.FINES, new FineDecider()).build();
    this.start = start;
  }

  @Override
  public String name() {
    return "enforcement";
  }

  @Override
  public StartAt start() {
    return start;
  }

  @Override
  public EventCodec<Fine> states() {
    return EventCodec.json(Fine.class);
  }

  @Override
  public EventCodec<FineCommand> commands() {
    return EventCodec.json(FineCommand.class);
  }

  @Override
  public Fine initialState() {
    return Fine.NONE;
  }

  @Override
  public List<Trigger<Fine, FineCommand>> triggers() {
    return List.of(Trigger.byStream(FineDecider.FINES, this::on));
  }

  private Step<Fine, FineCommand> on(Fine before, Recorded<FineEvent> recorded) {
    Fine fine = decider.evolve(before, recorded.event());
    Step<Fine, FineCommand> step = Step.to(fine);
    if (settled(fine)) {
      return step.cancel(PENALTY).cancel(COLLECTION);
    }
    return switch (recorded.event()) {
      case FineNotified notified ->
          step.deadline(PENALTY, midnight(notified.on().plusDays(DAYS_TO_PAY)));
      case PenaltyAdded penalty ->
          step.cancel(PENALTY)
              .deadline(COLLECTION, midnight(penalty.on().plusDays(DAYS_TO_COLLECTION)));
      default -> step;
    };
  }

  /** Decides by the fine itself, which also knows what happened before this process began. */
  @Override
  public Step<Fine, FineCommand> due(Fine known, Deadline deadline) {
    LocalDate today = LocalDate.ofInstant(deadline.due(), ZoneOffset.UTC);
    Fine fine = fines.load(deadline.instance()).state();
    Step<Fine, FineCommand> step = Step.to(known);
    FineCreated created = fine.created();
    if (created == null || settled(fine)) {
      return step;
    }
    return switch (deadline.name()) {
      case PENALTY -> step.send(deadline.instance(), new AddPenalty(today, 2 * created.cents()));
      case COLLECTION ->
          fine.appeal().pending()
              ? step.deadline(COLLECTION, midnight(today.plusDays(DAYS_TO_ASK_AGAIN)))
              : step.send(deadline.instance(), new SendToCollection(today));
      default -> throw new IllegalArgumentException("no deadline is called " + deadline.name());
    };
  }

  @Override
  public void send(Outgoing<FineCommand> outgoing, CommandOptions options) {
    try {
      fines.handle(outgoing.to(), dated(outgoing), options);
    } catch (CommandRejectedException refused) {
      if (!MOVED_ON.contains(refused.code())) {
        throw refused;
      }
    }
  }

  /** A process that is late sends to collection behind what has happened to the fine meanwhile. */
  private FineCommand dated(Outgoing<FineCommand> outgoing) {
    return outgoing.command() instanceof SendToCollection(var planned)
        ? new SendToCollection(
            fines.load(outgoing.to()).state().lastDate().filter(planned::isBefore).orElse(planned))
        : outgoing.command();
  }

  /** Tells whether nothing is left to enforce; not by payments where the sum is not known. */
  private static boolean settled(Fine fine) {
    boolean paid =
        fine.created() != null && !fine.payments().isEmpty() && fine.outstandingCents() <= 0;
    return paid
        || fine.collected() != null
        || fine.dismissedByPrefecture()
        || fine.dismissedByJudge();
  }

  private static Instant midnight(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
