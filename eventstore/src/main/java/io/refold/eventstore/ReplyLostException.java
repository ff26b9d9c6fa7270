package io.refold.eventstore;

/**
 * The store did not answer: what was asked may have been done or not. Repeat it only where that is
 * harmless.
 */
public final class ReplyLostException extends EventStoreException {
  private static final long serialVersionUID = 1L;

  /**
   * Says what was asked.
   *
   * @param message names the call
   * @param cause what happened to the reply
   */
  public ReplyLostException(String message, Throwable cause) {
    super(message, cause);
  }
}
