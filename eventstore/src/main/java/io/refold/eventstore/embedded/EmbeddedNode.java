package io.refold.eventstore.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A server of {@link EmbeddedSentinels} or of an {@link EmbeddedCluster}, master or replica.
 * Thread-safe.
 */
public class EmbeddedNode {
  private static final int CONNECT_MILLIS = 1_000;
  private static final int REPLY_MILLIS = 10_000;

  private final Server server;

  EmbeddedNode(Server server) {
    this.server = server;
  }

  /** Returns its address: {@code redis://127.0.0.1:port}. */
  public String url() {
    return "redis://127.0.0.1:" + port();
  }

  /** Returns the port for clients. */
  public int port() {
    return server.port();
  }

  int busPort() {
    return server.busPort();
  }

  /** Returns its process. */
  public ProcessHandle process() {
    return server.process();
  }

  /** Kills the process as {@code kill -9} does, and waits until it is gone. */
  public void crash() {
    server.kill();
  }

  /**
   * Starts it again, unless it runs, on the same port and with what its append-only file has. A
   * master that comes back empty before a replica has taken its place makes its replicas empty too.
   *
   * @throws UncheckedIOException if it cannot be started
   */
  public void restart() {
    server.relaunch();
  }

  /**
   * Makes the process hang: connections stay open and nothing is answered.
   *
   * @throws IllegalStateException if it does not run
   */
  public void pause() {
    server.signal("STOP");
  }

  /**
   * Lets a hanging process go on.
   *
   * @throws IllegalStateException if it does not run
   */
  public void resume() {
    server.signal("CONT");
  }

  /** Tells whether its process is alive; one that hangs is. */
  public boolean runs() {
    return server.runs();
  }

  /**
   * Sends this node a command over a connection of its own, and follows no redirection.
   *
   * @return a text, also for numbers; a list; or null
   * @throws IllegalStateException with the server's message if it replies an error
   * @throws UncheckedIOException if it does not run, or has not answered for 10 seconds
   */
  public @Nullable Object command(String... words) {
    return command(REPLY_MILLIS, words);
  }

  /** Sends a command whose reply is a text. */
  String text(String... words) {
    return (String) Objects.requireNonNull(command(words));
  }

  @Nullable Object command(int replyMillis, String... words) {
    var request = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      request.append('$').append(word.getBytes(UTF_8).length).append("\r\n").append(word);
      request.append("\r\n");
    }
    try (var socket = new Socket()) {
      socket.setSoTimeout(replyMillis);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port()), CONNECT_MILLIS);
      socket.getOutputStream().write(request.toString().getBytes(UTF_8));
      return reply(new BufferedInputStream(socket.getInputStream()));
    } catch (IOException e) {
      throw new UncheckedIOException("%s has not answered".formatted(this), e);
    }
  }

  private @Nullable Object reply(InputStream replies) throws IOException {
    String line = line(replies);
    String rest = line.substring(1);
    return switch (line.charAt(0)) {
      case '$' -> bulk(replies, Integer.parseInt(rest));
      case '*' -> items(replies, Integer.parseInt(rest));
      case '-' -> throw new IllegalStateException("%s: %s".formatted(this, rest));
      default -> rest;
    };
  }

  private static @Nullable String bulk(InputStream replies, int length) throws IOException {
    if (length < 0) {
      return null;
    }
    String text = new String(replies.readNBytes(length), UTF_8);
    line(replies);
    return text;
  }

  private @Nullable List<@Nullable Object> items(InputStream replies, int length)
      throws IOException {
    if (length < 0) {
      return null;
    }
    var items = new ArrayList<@Nullable Object>();
    for (int i = 0; i < length; i++) {
      items.add(reply(replies));
    }
    return items;
  }

  private static String line(InputStream replies) throws IOException {
    var line = new StringBuilder();
    for (int c = replies.read(); c != '\r'; c = replies.read()) {
      if (c < 0) {
        throw new IOException("the server closed the connection");
      }
      line.append((char) c);
    }
    replies.read();
    return line.toString();
  }

  @Override
  public String toString() {
    return "the server at port " + port();
  }
}
