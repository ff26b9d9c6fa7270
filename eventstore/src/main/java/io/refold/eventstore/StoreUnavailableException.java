package io.refold.eventstore;

import org.jspecify.annotations.Nullable;

/** The store cannot be reached or refuses to work now. Nothing was written; try again later. */
public sealed class StoreUnavailableException extends EventStoreException
    permits StoreRefusedException {
  private static final long serialVersionUID = 1L;

  /**
   * Says what the store answered.
   *
   * @param message names the server and what it said
   * @param cause the client's exception, if there is one
   */
  public StoreUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
