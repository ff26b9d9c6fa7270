package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The network between the processes and a server. It forwards, until it is told to delay replies,
 * to swallow them, or to cut all connections. Replicas that find their master here are spared: they
 * are no clients. Thread-safe; its threads end with {@link #close()}.
 */
final class Network implements AutoCloseable {
  static final Duration LATE = Duration.ofMillis(30);
  private static final Pattern REPLICA = Pattern.compile("\\*\\d+\r\n\\$8\r\nREPLCONF\r\n");
  private static final int FIRST = 32;

  private final int server;
  private final ServerSocket listening = new ServerSocket();
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private volatile Duration delay = Duration.ZERO;
  private volatile boolean swallowing;

  /** A connection. Once a reply was swallowed none may follow: it would answer another request. */
  private static final class Link {
    private final Socket client;
    private final Socket server;
    private volatile boolean dumb;
    private volatile boolean spared;

    Link(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void cut() {
      try (client;
          server) {
        // both are closed
      } catch (IOException e) {
        // closed all the same
      }
    }
  }

  /** Opens a way to a server on the loopback address. */
  Network(int server) throws IOException {
    this.server = server;
    listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    Thread.ofVirtual().start(this::accept);
  }

  /** Returns where on the loopback address it listens. */
  int port() {
    return listening.getLocalPort();
  }

  /** Cuts the connections of all clients. */
  void cut() {
    List.copyOf(links).stream().filter(link -> !link.spared).forEach(Link::cut);
  }

  /** Lets requests to servers through and no reply, then cuts all connections. */
  static void swallow(List<Network> networks, Duration length) throws InterruptedException {
    networks.forEach(network -> network.swallowing = true);
    try {
      Thread.sleep(length);
    } finally {
      networks.forEach(network -> network.swallowing = false);
      networks.forEach(Network::cut);
    }
  }

  /** Delays what servers reply. */
  static void delay(List<Network> networks, Duration each, Duration length)
      throws InterruptedException {
    networks.forEach(network -> network.delay = each);
    try {
      Thread.sleep(length);
    } finally {
      networks.forEach(network -> network.delay = Duration.ZERO);
    }
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        // closed, by this side or by the client
      }
    }
  }

  private void connect(Socket client) {
    try (client;
        var target = new Socket(InetAddress.getLoopbackAddress(), server)) {
      client.setTcpNoDelay(true);
      target.setTcpNoDelay(true);
      var link = new Link(client, target);
      links.add(link);
      try {
        Thread replies = Thread.ofVirtual().start(() -> forward(link, target, client, true));
        forward(link, client, target, false);
        replies.join();
      } finally {
        links.remove(link);
      }
    } catch (IOException e) {
      // the server is down, and the client sees a connection that is closed
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void forward(Link link, Socket from, Socket to, boolean replies) {
    var buffer = new byte[64 << 10];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
        link.spared |= !replies && startsReplica(buffer, read);
        boolean hit = replies && !link.spared;
        if (hit && (swallowing || link.dumb)) {
          link.dumb = true;
          continue;
        }
        long nanos = delay.toNanos();
        if (hit && nanos > 0) {
          TimeUnit.NANOSECONDS.sleep(nanos);
        }
        out.write(buffer, 0, read);
      }
    } catch (IOException e) {
      // cut, on either side
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      link.cut();
    }
  }

  /** Tells whether a request is what a replica says first. */
  private static boolean startsReplica(byte[] request, int length) {
    return REPLICA.matcher(new String(request, 0, Math.min(length, FIRST), US_ASCII)).lookingAt();
  }

  /** Cuts all connections, and takes no more. */
  @Override
  public void close() throws IOException {
    listening.close();
    List.copyOf(links).forEach(Link::cut);
  }
}
