package io.refold.projections;

/**
 * A log does not hold a position that it held before: acknowledged events were lost, for instance
 * by a failover. A command whose append is gone can be handled again. What the projection made of
 * lost events is still in its rows; a rebuild is the way back.
 */
public final class HistoryLostException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  /** Says which position is gone. */
  public HistoryLostException(String message) {
    super(message, null);
  }
}
