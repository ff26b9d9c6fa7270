package io.refold.projections;

import java.time.Duration;
import java.util.Optional;

/**
 * A verification that this process coordinates, and the workers of all processes carry out. It goes
 * on whether or not somebody holds on to this object; if the process ends first, it is cancelled.
 * Thread-safe.
 */
public final class Verifier {
  private final Coordination coordination;
  private final VerificationRun run;

  Verifier(Coordination coordination, VerificationRun run) {
    this.coordination = coordination;
    this.run = run;
  }

  /** Returns the projection's name. */
  public String projection() {
    return run.projection();
  }

  /** Returns how far it is. Does not block. */
  public RebuildProgress progress() {
    return run.progress();
  }

  /**
   * Waits until it has ended.
   *
   * @return what it has found
   * @throws RebuildFailedException if it was cancelled, has failed, or these workers were closed;
   *     the rows are what they were
   * @throws InterruptedException if the thread is interrupted; the verification goes on
   */
  public Verification await() throws InterruptedException {
    return result(coordination.await());
  }

  /**
   * Waits until it has ended, but not longer than this.
   *
   * @return what it has found; empty if it has not ended
   * @throws RebuildFailedException if it was cancelled, has failed, or these workers were closed;
   *     the rows are what they were
   * @throws InterruptedException if the thread is interrupted; the verification goes on
   */
  public Optional<Verification> await(Duration timeout) throws InterruptedException {
    return coordination.await(timeout).map(this::result);
  }

  private Verification result(RebuildProgress ended) {
    Verification found = run.result();
    if (found == null) {
      throw new RebuildFailedException(
          "verification of projection '%s' has ended without a result: %s"
              .formatted(projection(), ended.state()),
          null);
    }
    return found;
  }

  /**
   * Ends it: what it has made is removed, and the rows that are read go on.
   *
   * @return false if it had ended before
   */
  public boolean cancel() {
    return run.cancel();
  }
}
