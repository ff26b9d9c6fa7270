package io.refold.eventstore;

import org.jspecify.annotations.Nullable;

/**
 * The server refuses what it was asked for, and will refuse it again until somebody changes
 * something: the password, a permission, or a key that holds something else. No event was written.
 */
public final class StoreRefusedException extends StoreUnavailableException {
  private static final long serialVersionUID = 1L;

  /**
   * Says what the server answered.
   *
   * @param message names what was asked for, what the server said, and the way out
   * @param cause the client's exception, if there is one
   */
  public StoreRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
