package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks a server over a plain socket: an auditor does not see through the eyes of the audited. */
final class RawRedis implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;

  private final Socket socket = new Socket();
  private final InputStream replies;

  /** Connects to a server on the loopback address. */
  RawRedis(int port) throws IOException {
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    replies = new BufferedInputStream(socket.getInputStream(), 64 << 10);
  }

  /**
   * Returns a text, a list, or null.
   *
   * @throws RefusedException if the server answers with an error
   * @throws IOException if there is no answer
   */
  @Nullable Object command(List<String> words) throws IOException {
    var request = new ByteArrayOutputStream();
    request.writeBytes(("*" + words.size() + "\r\n").getBytes(UTF_8));
    for (String word : words) {
      byte[] bytes = word.getBytes(UTF_8);
      request.writeBytes(("$" + bytes.length + "\r\n").getBytes(UTF_8));
      request.writeBytes(bytes);
      request.writeBytes("\r\n".getBytes(UTF_8));
    }
    socket.getOutputStream().write(request.toByteArray());
    return reply();
  }

  /** A server has answered with an error. */
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedException(String error) {
      super(error);
    }
  }

  private @Nullable Object reply() throws IOException {
    String line = line();
    char kind = line.charAt(0);
    int length = kind == '$' || kind == '*' ? Integer.parseInt(line, 1, line.length(), 10) : 0;
    return switch (kind) {
      case '$' -> length < 0 ? null : bulk(length);
      case '*' -> length < 0 ? null : items(length);
      case '-' -> throw new RefusedException(line.substring(1));
      default -> line.substring(1);
    };
  }

  private String bulk(int length) throws IOException {
    String text = new String(replies.readNBytes(length), UTF_8);
    line();
    return text;
  }

  private List<@Nullable Object> items(int length) throws IOException {
    var items = new ArrayList<@Nullable Object>(length);
    for (int i = 0; i < length; i++) {
      items.add(reply());
    }
    return items;
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int c = replies.read(); c != '\r'; c = replies.read()) {
      if (c < 0) {
        throw new EOFException("the server has closed the connection");
      }
      line.append((char) c);
    }
    replies.read();
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
