package io.refold.eventstore.embedded;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A server process with a directory of its own, which outlives the process. Thread-safe. */
final class Server {
  private final Kind kind;
  private final File executable;
  private final Path directory;
  private final int port;
  private final int busPort;
  private @Nullable Process process;
  private boolean over;

  /** What it is started as. */
  enum Kind {
    /** A server that is in no cluster, master or replica. */
    ALONE,
    /** A node of a cluster, which has a second port. */
    CLUSTERED,
    /** A sentinel, which watches servers and has no data. */
    SENTINEL
  }

  /** Describes a server; nothing is started yet. */
  Server(Kind kind, File executable, Path directory, int port, int busPort) {
    this.kind = kind;
    this.executable = executable;
    this.directory = directory;
    this.port = port;
    this.busPort = busPort;
  }

  int port() {
    return port;
  }

  /** Returns the port on which nodes of a cluster talk to each other. */
  int busPort() {
    return busPort;
  }

  /** Writes its settings, each as in {@code redis.conf}. */
  void configure(List<String> settings) throws IOException {
    Files.createDirectories(directory);
    Files.write(directory.resolve("redis.conf"), settings);
  }

  /**
   * Starts the process; it is ready when it says so in its log.
   *
   * @throws BindException if a port is taken
   * @throws IOException if it cannot be started, or ends at once; the message has what it printed
   */
  synchronized void launch() throws IOException {
    if (over) {
      throw new IOException("the server was closed");
    }
    if (process != null && process.isAlive()) {
      return;
    }
    boolean sentinel = kind == Kind.SENTINEL;
    String ready = sentinel ? "Sentinel ID is" : "Ready to accept connections";
    var command = new ArrayList<>(List.of(executable.getPath(), "redis.conf"));
    if (sentinel) {
      command.add("--sentinel");
    }
    Process started =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    process = started;
    BufferedReader reader = started.inputReader();
    var printed = new StringBuilder("the server ended with:\n");
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      printed.append(line).append('\n');
      if (line.contains(ready)) {
        Thread.ofPlatform().daemon().name("embedded-redis-log").start(() -> discard(started));
        return;
      }
    }
    boolean taken = printed.indexOf("Address already in use") >= 0;
    throw taken ? new BindException(printed.toString()) : new IOException(printed.toString());
  }

  /** Starts the process again on the same data and port, if it does not run. */
  void relaunch() {
    try {
      launch();
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded Redis server cannot be started again", e);
    }
  }

  /** A full pipe would stop the server. */
  private static void discard(Process process) {
    try (var output = process.getInputStream()) {
      output.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // the server was killed
    }
  }

  /**
   * Returns the process started last.
   *
   * @throws IllegalStateException if there was none
   */
  synchronized ProcessHandle process() {
    if (process == null) {
      throw new IllegalStateException("the server was never started");
    }
    return process.toHandle();
  }

  boolean runs() {
    return process().isAlive();
  }

  /** Sends the process a signal: {@code "STOP"}. */
  void signal(String name) {
    try {
      String pid = String.valueOf(process().pid());
      int code = new ProcessBuilder("kill", "-" + name, pid).start().waitFor();
      if (code != 0) {
        throw new IllegalStateException("the server at port %d does not run".formatted(port));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the signal cannot be sent", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while sending a signal", e);
    }
  }

  /** Kills the process as a crash would, and waits until it is gone. */
  synchronized void kill() {
    if (process == null) {
      return;
    }
    process.destroyForcibly();
    boolean interrupted = false;
    while (process.isAlive()) {
      try {
        process.waitFor();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Kills the process for good. */
  synchronized void end() {
    over = true;
    kill();
  }
}
