package io.refold.eventstore.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

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
  private final ServerGroup group;
  private final Server server;

  private EmbeddedRedis(List<String> settings) throws IOException {
    group = new ServerGroup();
    try {
      server = group.start(Server.Kind.ALONE, settings);
    } catch (IOException | RuntimeException e) {
      group.close();
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
    return "redis://127.0.0.1:" + port();
  }

  /** Returns the port. */
  public int port() {
    return server.port();
  }

  /** Returns the server's process, for tests that stop or pause it. */
  public ProcessHandle process() {
    return server.process();
  }

  /**
   * Kills the server as a crash would, and starts it again on the same data and port. What was not
   * in the append-only file is gone.
   *
   * @throws UncheckedIOException if it cannot be started
   */
  public void crashAndRestart() {
    server.kill();
    server.relaunch();
  }

  /** Stops the server and deletes its data. A second call does nothing. */
  @Override
  public void close() {
    group.close();
  }
}
