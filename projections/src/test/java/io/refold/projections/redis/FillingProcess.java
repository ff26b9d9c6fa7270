package io.refold.projections.redis;

import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildOptions;
import io.refold.projections.Shop;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A process that runs workers and rebuilds or verifies their rows, until it is killed. */
final class FillingProcess implements AutoCloseable {
  static final Duration LEASE = Duration.ofMillis(1_500);

  private final Process process;

  private FillingProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts a process.
   *
   * @param task {@code rebuild}, {@code verify} or {@code work}
   */
  static FillingProcess start(String url, String namespace, String task) throws IOException {
    return new FillingProcess(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                FillingProcess.class.getName(),
                url,
                namespace,
                task)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Ends it without any farewell, as kill -9 does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Does its task again and again, and works until its input ends. */
  public static void main(String[] args) throws Exception {
    var orders = new Shop.Orders();
    try (var events = RedisEventStore.to(args[0]).namespace(args[1]).open();
        var workers =
            ProjectionWorkers.on(RedisProjectionStore.on(events))
                .add(orders)
                .lease(LEASE)
                .start()) {
      if (args[2].equals("rebuild")) {
        workers.rebuild(orders, RebuildOptions.PLAIN.throttle(2_000));
      }
      while (args[2].equals("verify")) {
        workers.verify(orders).await();
      }
      while (System.in.read() >= 0) {
        // the parent says nothing; the end of the input is its end
      }
    }
  }
}
