package io.refold.eventstore.redis;

import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StoreUnavailableException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.redisson.RedissonShutdownException;
import org.redisson.client.RedisBusyException;
import org.redisson.client.RedisClusterDownException;
import org.redisson.client.RedisConnectionException;
import org.redisson.client.RedisException;
import org.redisson.client.RedisLoadingException;
import org.redisson.client.RedisMasterDownException;
import org.redisson.client.RedisMovedException;
import org.redisson.client.RedisNoReplicasException;
import org.redisson.client.RedisNoScriptException;
import org.redisson.client.RedisNodeNotFoundException;
import org.redisson.client.RedisOutOfMemoryException;
import org.redisson.client.RedisReadonlyException;
import org.redisson.client.RedisReconnectedException;
import org.redisson.client.RedisTimeoutException;
import org.redisson.client.RedisTryAgainException;
import org.redisson.client.WriteRedisConnectionException;

/**
 * Tells apart what a failed call leaves behind: certainly nothing, or nobody knows.
 *
 * <p>An error that the server replied means that nothing was done, because our scripts check before
 * they write; so does a connection that was never made. Time-outs and broken connections may hide
 * an executed call and count as lost replies.
 */
final class RedisErrors {
  /** Not executed, and worth another try soon. */
  private static final Set<Class<? extends Throwable>> PASSING =
      Set.of(
          RedisMovedException.class,
          RedisTryAgainException.class,
          RedisLoadingException.class,
          RedisClusterDownException.class,
          RedisReadonlyException.class,
          RedisMasterDownException.class,
          RedisNoScriptException.class,
          RedisNodeNotFoundException.class,
          RedisConnectionException.class);

  /** How servers refuse for good; scripts of Redis 7.0 do not say NOPERM. */
  private static final Pattern REFUSALS =
      Pattern.compile("^(NOAUTH|WRONGPASS|WRONGTYPE)|NOPERM|user executing the script can't");

  /**
   * How a script ends that was given, or has found, what it cannot work with. It does so again with
   * the same; but not where somebody has killed it, the cluster has kept it from a key, or its user
   * may not do something.
   */
  private static final Pattern STOPPED =
      Pattern.compile(
          "^ERR (?!Script attempted |.*[Kk]illed|The user ).*script: \\p{XDigit}{40}, on ");

  private static final Pattern DETAILS =
      Pattern.compile("[.,!] (channel: |script: |Node source: |Check CPU usage|Try to increase)");

  private RedisErrors() {}

  /** Returns what a stage or future failed with. */
  static Throwable cause(Throwable failure) {
    boolean wrapped =
        failure instanceof CompletionException || failure instanceof ExecutionException;
    Throwable cause = failure.getCause();
    return wrapped && cause != null ? cause : failure;
  }

  static boolean passes(Throwable failure) {
    return PASSING.contains(failure.getClass()) || notConnected(failure);
  }

  /** Whether the server may be another one, or the same one restarted, from here on. */
  static boolean disrupts(Throwable failure) {
    boolean movingSlot = failure instanceof RedisTryAgainException;
    return !movingSlot && (passes(failure) || executed(failure));
  }

  /** A read whose connection broke may be sent again, whatever became of it. */
  static boolean readAgain(Throwable failure) {
    return passes(failure) || failure instanceof WriteRedisConnectionException;
  }

  /** A refused connection comes as a plain exception of Redisson's with this cause. */
  private static boolean notConnected(Throwable failure) {
    return failure.getCause() instanceof ConnectException
        || failure.getCause() instanceof UnknownHostException;
  }

  static EventStoreException translate(String what, Throwable failure) {
    if (failure instanceof EventStoreException translated) {
      return translated;
    }
    if (refused(failure)) {
      return new StoreRefusedException(
          "Redis refuses %s until that is changed: %s; %s"
              .formatted(what, message(failure), remedy(failure)),
          failure);
    }
    if (executed(failure)) {
      return new ReplyLostException(
          "the reply to %s was lost, so it may have been done: %s"
              .formatted(what, message(failure)),
          failure);
    }
    String nothing = wroteNothing(failure) ? " and wrote nothing" : "";
    return new StoreUnavailableException(
        "Redis did not execute %s%s: %s; %s"
            .formatted(what, nothing, message(failure), Remedies.of(message(failure))),
        failure);
  }

  /** A server says so before a script's first write; of other errors that is not known. */
  private static boolean wroteNothing(Throwable failure) {
    return passes(failure)
        || failure instanceof RedisOutOfMemoryException
        || failure instanceof RedisNoReplicasException
        || failure instanceof RedisBusyException
        || String.valueOf(failure.getMessage()).startsWith("MISCONF");
  }

  /** Tells whether the same call will fail again, however often it is made. */
  static boolean refused(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return failure instanceof RedisException
        && (REFUSALS.matcher(message).find() || stopped(message));
  }

  private static boolean stopped(String message) {
    return STOPPED.matcher(message).find();
  }

  private static String remedy(Throwable failure) {
    return stopped(String.valueOf(failure.getMessage()))
        ? "the script has stopped before it wrote anything; the doctor tells whether a key is"
            + " damaged"
        : Remedies.of(message(failure));
  }

  /** Tells whether the call may have been executed. */
  private static boolean executed(Throwable failure) {
    return !(failure instanceof RedisException)
        || failure instanceof RedisTimeoutException
        || failure instanceof WriteRedisConnectionException
        || failure instanceof RedisReconnectedException
        || failure instanceof RedissonShutdownException;
  }

  /** Tells whether a server has answered, if only to refuse. */
  static boolean answered(Throwable failure) {
    return !executed(failure)
        && !notConnected(failure)
        && !(failure instanceof RedisConnectionException);
  }

  /** Redisson appends channel and parameters to what the server said; they help nobody. */
  private static String message(Throwable failure) {
    Throwable told = notConnected(failure) ? Objects.requireNonNull(failure.getCause()) : failure;
    String message =
        told instanceof RedisMovedException
            ? "MOVED, its slot is on another server" // Redisson leaves this one without a message
            : String.valueOf(told.getMessage());
    if (told instanceof RedisOutOfMemoryException && !message.startsWith("OOM")) {
      message = "OOM " + message; // which Redisson takes away
    }
    return DETAILS.split(message, 2)[0];
  }
}
