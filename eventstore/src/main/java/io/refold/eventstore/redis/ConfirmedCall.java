package io.refold.eventstore.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.redisson.api.RScript;
import org.redisson.client.protocol.CommandData;
import org.redisson.client.protocol.RedisCommand;

/** A script that is to reach a level, and where its outcome goes. Thread-safe. */
final class ConfirmedCall implements Lanes.Call {
  private final Durability level;
  private final Predicate<@Nullable Object> wrote;
  private final String key;
  private final CommandData<Object, Object> command;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final long latest;
  private final long bytes;
  private volatile @Nullable Outcome written; // as long as its wait is not answered

  /** A script's reply, and what is known of what it has written. */
  record Outcome(@Nullable Object reply, Confirmation confirmation) {}

  @SuppressWarnings("unchecked") // whatever Redis replies is an object
  ConfirmedCall(
      Durability level,
      Predicate<@Nullable Object> wrote,
      String verb,
      String script,
      List<String> keys,
      Object[] args) {
    this.level = level;
    this.wrote = wrote;
    this.key = keys.getFirst();
    this.latest = System.nanoTime() + ConfirmedCalls.PATIENCE.plus(within(level)).toNanos();
    this.bytes = BytesCodec.size(args);
    var params = new ArrayList<Object>();
    params.add(script);
    params.add(keys.size());
    params.addAll(keys);
    for (Object arg : args) {
      params.add(arg instanceof byte[] bytes ? bytes : arg.toString().getBytes(UTF_8));
    }
    var replies = (RedisCommand<Object>) RScript.ReturnType.LIST.getCommand();
    this.command =
        new CommandData<>(
            new CompletableFuture<>(),
            BytesCodec.INSTANCE,
            new RedisCommand<>(replies, verb),
            params.toArray());
    var unused = command.getPromise().whenComplete(this::answered);
  }

  private void answered(@Nullable Object reply, @Nullable Throwable failure) {
    var unconfirmed = new Outcome(reply, Confirmation.unknown(level));
    if (failure != null) {
      outcome.completeExceptionally(failure);
    } else if (wrote.test(reply)) {
      written = unconfirmed;
    } else {
      outcome.complete(unconfirmed);
    }
  }

  /** Ends it, if it has not ended yet: with its own reply if there was one. */
  void end(Confirmation confirmation, Throwable cause) {
    Outcome known = written;
    if (known == null) {
      outcome.completeExceptionally(cause);
    } else {
      outcome.complete(new Outcome(known.reply(), confirmation));
    }
  }

  Durability level() {
    return level;
  }

  /** Returns a key of the slot it goes to. */
  String key() {
    return key;
  }

  CommandData<Object, Object> command() {
    return command;
  }

  CompletableFuture<Outcome> outcome() {
    return outcome;
  }

  @Override
  public void fail(Throwable cause) {
    end(Confirmation.unknown(level), cause);
  }

  @Override
  public long latest() {
    return latest;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  static Duration within(Durability level) {
    return switch (level) {
      case Durability.Memory memory -> Duration.ZERO;
      case Durability.Fsync fsync -> fsync.within();
      case Durability.Replicas replicas -> replicas.within();
    };
  }
}
