package io.refold.projections.redis;

import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A process that runs workers until it is killed or its input ends. */
final class WorkerProcess implements AutoCloseable {
  private final Process process;

  private WorkerProcess(Process process) {
    this.process = process;
  }

  /** Starts a process whose workers have this name and lease. */
  static WorkerProcess start(String url, String namespace, String name, Duration lease)
      throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new WorkerProcess(
        new ProcessBuilder(
                java,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                WorkerProcess.class.getName(),
                url,
                namespace,
                name,
                String.valueOf(lease.toMillis()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Ends it without any farewell, as kill -9 does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Sends it a signal: STOP or CONT. */
  void signal(String signal) throws IOException, InterruptedException {
    int code =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
    if (code != 0) {
      throw new IOException("kill -%s has failed".formatted(signal));
    }
  }

  boolean alive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Runs workers; small batches, so that many are cut in the middle. */
  public static void main(String[] args) throws IOException {
    try (var events = RedisEventStore.to(args[0]).namespace(args[1]).open();
        var workers =
            ProjectionWorkers.on(RedisProjectionStore.on(events))
                .add(new Shop.Orders())
                .add(new Shop.SalesByDay())
                .name(args[2])
                .lease(Duration.ofMillis(Long.parseLong(args[3])))
                .start()) {
      while (System.in.read() >= 0) {
        // the parent says nothing; the end of the input is its end
      }
      System.out.println(workers.name() + " ends");
    }
  }
}
