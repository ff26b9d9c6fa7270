package io.refold.eventstore.redis;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network between client and server that delays replies, cuts connections and swallows what was
 * on its way. Transparent until it gets a {@link Plan}. Each connection has two platform threads;
 * all of them end with {@link #close()}.
 */
final class FaultyProxy implements AutoCloseable {
  private final int server;
  private final ServerSocket listening = new ServerSocket();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicInteger faults = new AtomicInteger();
  private volatile Plan plan = () -> Fault.NONE;

  /** What happens to one reply, or to a part of a request. */
  record Fault(Kind kind, int bytes, Duration pause) {
    static final Fault NONE = new Fault(Kind.NONE, 0, Duration.ZERO);
  }

  enum Kind {
    /** It arrives. */
    NONE,
    /** It arrives after a pause. */
    DELAY,
    /** The connection is cut before it. */
    CUT_BEFORE,
    /** The connection is cut after some bytes of it. */
    CUT_WITHIN,
    /** The connection is cut after it. */
    CUT_AFTER,
    /** Nothing of it arrives, and nothing else, until the connection is cut after a pause. */
    SILENCE_BEFORE,
    /** Some bytes of it arrive, and nothing else, until the connection is cut after a pause. */
    SILENCE_WITHIN
  }

  /** Chooses for each reply, and each part of a request. Thread-safe. */
  @FunctionalInterface
  interface Plan {
    Fault next();

    /**
     * Chooses by chance, the same for the same seed.
     *
     * @param oneIn how many replies and requests there are for one fault
     * @param timeout what the client waits for; pauses are shorter or longer than that
     */
    static Plan seeded(long seed, int oneIn, Duration timeout) {
      var random = new Random(seed);
      return () -> {
        synchronized (random) {
          if (random.nextInt(oneIn) > 0) {
            return Fault.NONE;
          }
          Kind[] kinds = Kind.values();
          long percent = random.nextInt(5, 150);
          return new Fault(
              kinds[random.nextInt(1, kinds.length)],
              random.nextInt(1, 40),
              timeout.multipliedBy(percent).dividedBy(100));
        }
      };
    }
  }

  FaultyProxy(int server) throws IOException {
    this.server = server;
    listening.setReceiveBufferSize(32 << 10); // so that a cut finds large requests half written
    listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    start("accept", this::accept);
  }

  String url() {
    return "redis://127.0.0.1:" + listening.getLocalPort();
  }

  void plan(Plan faulty) {
    plan = faulty;
  }

  /** Returns how many faults there have been. */
  int faults() {
    return faults.get();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = opened(listening.accept());
      Socket target = opened(new Socket(InetAddress.getLoopbackAddress(), server));
      client.setTcpNoDelay(true);
      target.setTcpNoDelay(true);
      start("requests", () -> between(client, target, () -> requests(client, target)));
      start("replies", () -> between(client, target, () -> replies(target, client)));
    }
  }

  private Socket opened(Socket socket) {
    sockets.add(socket);
    return socket;
  }

  /** Forwards requests; a connection that is to be cut loses the end of one. */
  private void requests(Socket from, Socket to) throws IOException, InterruptedException {
    var buffer = new byte[16 << 10];
    InputStream in = from.getInputStream();
    OutputStream out = to.getOutputStream();
    for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
      Fault fault = next();
      boolean whole = fault.kind() == Kind.NONE || fault.kind() == Kind.DELAY;
      pause(fault);
      out.write(buffer, 0, whole ? read : Math.max(1, read - fault.bytes()));
      if (!whole) {
        return;
      }
    }
  }

  private void replies(Socket from, Socket to) throws IOException, InterruptedException {
    var in = new BufferedInputStream(from.getInputStream());
    var out = new BufferedOutputStream(to.getOutputStream());
    while (true) {
      byte[] reply = reply(in);
      Fault fault = next();
      switch (fault.kind()) {
        case NONE -> out.write(reply);
        case DELAY -> {
          out.flush();
          pause(fault);
          out.write(reply);
        }
        case CUT_BEFORE, SILENCE_BEFORE -> {}
        case CUT_WITHIN, SILENCE_WITHIN ->
            out.write(reply, 0, Math.min(fault.bytes(), reply.length - 1));
        case CUT_AFTER -> out.write(reply);
      }
      boolean last = fault.kind() != Kind.NONE && fault.kind() != Kind.DELAY;
      if (last || in.available() == 0) {
        out.flush();
      }
      if (last) {
        pause(fault);
        return;
      }
    }
  }

  private Fault next() {
    Fault fault = plan.next();
    if (fault.kind() != Kind.NONE) {
      faults.incrementAndGet();
    }
    return fault;
  }

  private void pause(Fault fault) throws IOException, InterruptedException {
    boolean pauses =
        switch (fault.kind()) {
          case DELAY, SILENCE_BEFORE, SILENCE_WITHIN -> true;
          case NONE, CUT_BEFORE, CUT_WITHIN, CUT_AFTER -> false;
        };
    if (pauses && closed.await(fault.pause().toMillis(), TimeUnit.MILLISECONDS)) {
      throw new EOFException("this proxy was closed");
    }
  }

  /** Reads one whole reply of RESP 2. */
  private static byte[] reply(InputStream in) throws IOException {
    var reply = new ByteArrayOutputStream();
    for (long parts = 1; parts > 0; parts--) {
      var line = new StringBuilder();
      while (line.isEmpty() || line.charAt(line.length() - 1) != '\n') {
        int read = in.read();
        if (read < 0) {
          throw new EOFException();
        }
        line.append((char) read);
        reply.write(read);
      }
      char type = line.charAt(0);
      int size = "$*".indexOf(type) < 0 ? 0 : Integer.parseInt(line.substring(1).strip());
      if (type == '*') {
        parts += Math.max(0, size);
      } else if (type == '$' && size >= 0) {
        reply.write(in.readNBytes(size + 2));
      }
    }
    return reply.toByteArray();
  }

  /** Runs one direction of a connection; when it ends, so does the connection. */
  private static void between(Socket client, Socket target, Work work) throws Exception {
    try (client;
        target) {
      work.run();
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private void start(String name, Work work) {
    Thread thread =
        Thread.ofPlatform()
            .name("faulty-proxy-" + name)
            .daemon()
            .unstarted(() -> {
              try {
                work.run();
              } catch (Exception e) {
                // the connection was closed, by either side or by this proxy
              } finally {
                threads.remove(Thread.currentThread());
              }
            });
    threads.add(thread);
    thread.start();
  }

  /** Cuts all connections, and waits for the end of all threads. */
  @Override
  public void close() throws IOException {
    closed.countDown();
    listening.close();
    while (!threads.isEmpty()) { // a connection may have been accepted just now
      Thread thread = threads.iterator().next();
      for (Socket socket : sockets) {
        socket.close();
      }
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
