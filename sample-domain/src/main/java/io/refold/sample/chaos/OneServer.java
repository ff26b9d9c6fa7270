package io.refold.sample.chaos;

import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;

/** A server that writes every change to its disk before it answers, behind a network. */
final class OneServer implements Servers {
  private static final Duration AGAIN = Duration.ofMillis(300);
  private static final int RESTARTS = 20;

  private final EmbeddedRedis redis;
  private final Watchdog watchdog;
  private final Network network;
  private ProcessHandle guarded;

  OneServer(Watchdog watchdog) throws IOException {
    this.watchdog = watchdog;
    redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
    guarded = redis.process();
    watchdog.guard(guarded);
    try {
      network = new Network(redis.port());
    } catch (IOException e) {
      redis.close();
      throw e;
    }
  }

  @Override
  public String url() {
    return "redis://127.0.0.1:" + network.port();
  }

  @Override
  public List<Integer> ports() {
    return List.of(redis.port());
  }

  @Override
  public boolean mayLose() {
    return false;
  }

  @Override
  public boolean knows(Fault.Kind kind) {
    return kind != Fault.Kind.MOVE;
  }

  @Override
  public void suffer(Fault.Kind kind, int target, Duration length)
      throws IOException, InterruptedException {
    switch (kind) {
      case SERVER_CRASH -> crash();
      case SERVER_PAUSE -> Signals.pause(redis.process(), length);
      case CUT -> network.cut();
      case SWALLOW -> Network.swallow(List.of(network), length);
      case DELAY -> Network.delay(List.of(network), Network.LATE, length);
      case SCRIPTS -> forget();
      case MOVE, WORKER_KILL, WORKER_PAUSE, WRITER_KILL, WRITER_PAUSE, REBUILD, VERIFY ->
          throw new IllegalArgumentException(kind + " is no fault of a server");
    }
  }

  private synchronized void crash() throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        redis.crashAndRestart();
        break;
      } catch (UncheckedIOException e) { // while it was down somebody may have used its port
        if (attempt == RESTARTS) {
          throw e;
        }
        Thread.sleep(AGAIN);
      }
    }
    watchdog.release(guarded);
    guarded = redis.process();
    watchdog.guard(guarded);
  }

  private void forget() {
    try (var raw = new RawRedis(redis.port())) {
      raw.command(List.of("SCRIPT", "FLUSH"));
    } catch (IOException e) {
      // it is down or stopped by another fault
    }
  }

  @Override
  public void close() throws IOException {
    network.close();
    redis.close();
    watchdog.release(guarded);
  }
}
