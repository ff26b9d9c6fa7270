package io.refold.eventstore.embedded;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.embedded.RedisExecProvider;

/**
 * A real Redis 7.0 server as a child process on the loopback address, without installing anything.
 * Needs the optional dependency {@code org.signal:embedded-redis}, which carries the server for
 * Linux and macOS on Intel and ARM.
 *
 * <p>Its data lies in a directory of its own and is deleted by {@link #close()}, or when the JVM
 * exits without it; only a JVM that is killed leaves its server behind. Settings that an event
 * store wants are set: {@code maxmemory-policy noeviction} and {@code stream-node-max-bytes 1024}.
 * Thread-safe.
 */
public final class EmbeddedRedis implements AutoCloseable {
  private final List<String> settings;
  private final Path directory;
  private final File executable;
  private final int port;
  private final Thread exitHook = new Thread(this::stop, "embedded-redis-exit");
  private @Nullable Process process;

  private EmbeddedRedis(List<String> settings) throws IOException {
    this.settings = settings;
    directory = Files.createTempDirectory("embedded-redis");
    executable = RedisExecProvider.defaultProvider().get();
    port = freePort();
    Runtime.getRuntime().addShutdownHook(exitHook);
    try {
      launch();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts a server on a free port, without an append-only file.
   *
   * @param settings more settings, each as in {@code redis.conf}: {@code "appendonly yes"}
   * @throws UncheckedIOException if it cannot be started; the message has what it printed
   */
  public static EmbeddedRedis start(String... settings) {
    try {
      return new EmbeddedRedis(List.of(settings));
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded Redis server cannot be started", e);
    }
  }

  /** Returns where clients connect: {@code redis://127.0.0.1:port}. */
  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** Returns the port. */
  public int port() {
    return port;
  }

  /** Returns the server's process, for tests that stop or pause it. */
  public synchronized ProcessHandle process() {
    return Objects.requireNonNull(process).toHandle();
  }

  /**
   * Kills the server as a crash would, and starts it again on the same data and port. What was not
   * in the append-only file is gone.
   *
   * @throws UncheckedIOException if it cannot be started
   */
  public synchronized void crashAndRestart() {
    end();
    try {
      launch();
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded Redis server cannot be started again", e);
    }
  }

  /** Stops the server and deletes its data. A second call does nothing. */
  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      // the JVM is already on its way out, and the hook has nothing left to do
    }
  }

  private synchronized void stop() {
    end();
    delete(directory);
    delete(Objects.requireNonNull(executable.toPath().getParent()));
  }

  private void end() {
    Process running = process;
    process = null;
    if (running == null) {
      return;
    }
    running.destroyForcibly();
    boolean interrupted = false;
    while (running.isAlive()) {
      try {
        running.waitFor();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts the server; it is ready when it says so in its log. */
  private void launch() throws IOException {
    var config = new ArrayList<String>();
    config.add("port " + port);
    config.add("bind 127.0.0.1");
    config.add("save ''");
    config.add("maxmemory-policy noeviction");
    config.add("stream-node-max-bytes 1024");
    config.addAll(settings);
    config.add("loglevel notice"); // it says when it is ready
    config.add("logfile ''");
    Path file = Files.write(directory.resolve("redis.conf"), config);
    Process started =
        new ProcessBuilder(executable.getPath(), file.toString())
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    process = started;
    var reader = started.inputReader();
    var printed = new StringBuilder();
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      printed.append(line).append('\n');
      if (line.contains("Ready to accept connections")) {
        Thread.ofPlatform().daemon().name("embedded-redis-log").start(() -> discard(started));
        return;
      }
    }
    throw new IOException("the server ended with:\n" + printed);
  }

  /** A full pipe would stop the server. */
  private static void discard(Process process) {
    try (var output = process.getInputStream()) {
      output.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // the server was killed
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // deleted already, or the system's cleaning of temporary files has it
    }
  }
}
