package io.refold.eventstore.embedded;

import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import redis.embedded.RedisExecProvider;

/**
 * Servers whose data lies in one temporary directory. All of it goes with {@link #close()}, or when
 * the JVM exits without it. Thread-safe.
 */
final class ServerGroup implements AutoCloseable {
  private static final int ATTEMPTS = 5;

  private final Path directory;
  private final File executable;
  private final List<Server> servers = new CopyOnWriteArrayList<>();
  private final AtomicInteger number = new AtomicInteger();
  private final Thread exitHook = new Thread(this::stop, "embedded-redis-exit");

  ServerGroup() throws IOException {
    directory = Files.createTempDirectory("embedded-redis");
    executable = RedisExecProvider.defaultProvider().get();
    Runtime.getRuntime().addShutdownHook(exitHook);
  }

  /**
   * Starts a server on a free port; unless it is a sentinel, with the settings that an event store
   * wants.
   *
   * @param settings more settings, each as in {@code redis.conf}; the last of a name counts
   */
  Server start(Server.Kind kind, List<String> settings) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return startOnce(kind, settings);
      } catch (BindException taken) {
        // between our look and the server's, another program may get the port
        if (attempt == ATTEMPTS) {
          throw taken;
        }
      }
    }
  }

  private Server startOnce(Server.Kind kind, List<String> settings) throws IOException {
    List<Integer> ports = freePorts(kind == Server.Kind.CLUSTERED ? 2 : 1);
    var config = new ArrayList<String>();
    config.add("port " + ports.getFirst());
    config.add("bind 127.0.0.1");
    if (kind != Server.Kind.SENTINEL) {
      config.add("save ''");
      config.add("maxmemory-policy noeviction");
      config.add("stream-node-max-bytes 1024");
    }
    if (kind == Server.Kind.CLUSTERED) {
      config.add("cluster-enabled yes");
      config.add("cluster-port " + ports.getLast());
    }
    config.addAll(settings);
    config.add("loglevel notice"); // it says when it is ready
    config.add("logfile ''");
    Path own = directory.resolve(String.valueOf(number.incrementAndGet()));
    var server = new Server(kind, executable, own, ports.getFirst(), ports.getLast());
    servers.add(server);
    server.configure(config);
    server.launch();
    return server;
  }

  private static List<Integer> freePorts(int count) throws IOException {
    var sockets = new ArrayList<ServerSocket>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  /** Stops the servers and deletes their data. A second call does nothing. */
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
    servers.forEach(Server::end);
    delete(directory);
    delete(Objects.requireNonNull(executable.toPath().getParent()));
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
