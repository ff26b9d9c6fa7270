package io.refold.sample.views;

import io.refold.eventstore.Recorded;
import io.refold.projections.Index;
import io.refold.projections.Projection;
import io.refold.projections.Source;
import io.refold.sample.fine.Activity;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.FineEvent.AppealFiled;
import io.refold.sample.fine.FineEvent.AppealSent;
import io.refold.sample.fine.FineEvent.AppealedToJudge;
import io.refold.sample.fine.FineEvent.FineCreated;
import io.refold.sample.fine.FineEvent.FineNotified;
import io.refold.sample.fine.FineEvent.FineSent;
import io.refold.sample.fine.FineEvent.PaymentReceived;
import io.refold.sample.fine.FineEvent.PenaltyAdded;
import io.refold.sample.fine.FineEvent.ResultNotified;
import io.refold.sample.fine.FineEvent.ResultReceived;
import io.refold.sample.fine.FineEvent.SentToCollection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code fine-file}: a row per fine, found by its id, by its path through the process, or, while
 * something is outstanding, by how much. {@link OpenFines} and {@link Variants} are queries over
 * it.
 */
public final class FineFiles implements Projection<FineFile> {
  /** The index by {@link FineFile#trace()}. */
  public static final String BY_TRACE = "trace";

  /** The index by {@link FineFile#outstandingCents()} of the fines that have any. */
  public static final String BY_OUTSTANDING = "outstanding";

  /** Makes the projection. */
  public FineFiles() {}

  @Override
  public String name() {
    return "fine-file";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public Class<FineFile> rowType() {
    return FineFile.class;
  }

  @Override
  public List<Source<FineFile>> sources() {
    return List.of(Source.byStream(FineDecider.FINES, FineFiles::evolve));
  }

  @Override
  public List<Index<FineFile>> indexes() {
    return List.of(
        Index.ofString(BY_TRACE, FineFile::trace),
        Index.ofLong(
            BY_OUTSTANDING, file -> file.outstandingCents() > 0 ? file.outstandingCents() : null));
  }

  private static @Nullable FineFile evolve(
      String id, @Nullable FineFile file, Recorded<FineEvent> recorded) {
    FineEvent event = recorded.event();
    if (event instanceof FineCreated(var on, var cents, var v, var a, var p, var o, var code)) {
      String trace = String.valueOf(Activity.CREATE.letter());
      return new FineFile(cents, 0, null, 0, code != null, trace);
    }
    return file == null ? null : change(file, event).after(event.activity());
  }

  private static FineFile change(FineFile file, FineEvent event) {
    return switch (event) {
      case FineSent(var on, var cents) -> file.withExpense(cents);
      case PenaltyAdded(var on, var cents) -> file.withPenalty(cents);
      case PaymentReceived(var on, var cents, var total) -> file.withPayment(cents);
      case AppealSent(var on, var dismissal) -> file.withDismissal(dismissal);
      case AppealedToJudge(var on, var dismissal) -> file.withDismissal(dismissal);
      case FineCreated created -> file;
      case FineNotified notified -> file;
      case AppealFiled filed -> file;
      case ResultReceived received -> file;
      case ResultNotified told -> file;
      case SentToCollection collected -> file;
    };
  }
}
