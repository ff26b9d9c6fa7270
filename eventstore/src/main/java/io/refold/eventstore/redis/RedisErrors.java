package io.refold.eventstore.redis;

import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.redisson.client.RedisClusterDownException;
import org.redisson.client.RedisConnectionException;
import org.redisson.client.RedisException;
import org.redisson.client.RedisLoadingException;
import org.redisson.client.RedisNoScriptException;
import org.redisson.client.RedisNodeNotFoundException;
import org.redisson.client.RedisOutOfMemoryException;
import org.redisson.client.RedisReadonlyException;
import org.redisson.client.RedisTryAgainException;

/**
 * Tells apart what a failed call leaves behind: certainly nothing, or nobody knows.
 *
 * <p>Redisson gives an exception of exactly the class {@link RedisException} for an error that the
 * server replied; our scripts check before they write, so such a call wrote nothing. Time-outs and
 * broken connections may hide an executed call and count as lost replies.
 */
final class RedisErrors {
  /** Not executed, and worth another try soon. */
  private static final Set<Class<? extends Throwable>> PASSING =
      Set.of(
          RedisTryAgainException.class,
          RedisLoadingException.class,
          RedisClusterDownException.class,
          RedisReadonlyException.class,
          RedisNoScriptException.class,
          RedisNodeNotFoundException.class,
          RedisConnectionException.class);

  private RedisErrors() {}

  /** Returns what a stage or future failed with. */
  static Throwable cause(Throwable failure) {
    boolean wrapped =
        failure instanceof CompletionException || failure instanceof ExecutionException;
    Throwable cause = failure.getCause();
    return wrapped && cause != null ? cause : failure;
  }

  static boolean passes(Throwable failure) {
    return PASSING.contains(failure.getClass());
  }

  static EventStoreException translate(String what, Throwable failure) {
    if (failure instanceof EventStoreException translated) {
      return translated;
    }
    boolean refused =
        passes(failure)
            || failure.getClass() == RedisException.class
            || failure instanceof RedisOutOfMemoryException;
    return refused
        ? new StoreUnavailableException(
            "Redis did not execute %s: %s".formatted(what, message(failure)), failure)
        : new ReplyLostException(
            "the reply to %s was lost: %s".formatted(what, message(failure)), failure);
  }

  /** Redisson appends channel and parameters to what the server said; they help nobody. */
  private static String message(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    int details = message.indexOf(". channel: ");
    return details < 0 ? message : message.substring(0, details);
  }
}
