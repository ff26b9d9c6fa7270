package io.refold.eventstore.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Asks a server over a plain socket, so that tests see what lies there and not what we read. */
final class RawRedis implements AutoCloseable {
  private final Socket socket;
  private final InputStream replies;

  RawRedis(EmbeddedRedis redis) {
    try {
      socket = new Socket(InetAddress.getLoopbackAddress(), redis.port());
      replies = new BufferedInputStream(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a text, a list, or null; errors are texts that begin with {@code -}. */
  synchronized @Nullable Object command(String... words) {
    var request = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      request.append('$').append(word.getBytes(UTF_8).length).append("\r\n").append(word);
      request.append("\r\n");
    }
    try {
      socket.getOutputStream().write(request.toString().getBytes(UTF_8));
      return reply();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a list. */
  List<?> list(String... words) {
    return (List<?>) Objects.requireNonNull(command(words));
  }

  /** Returns how often the server has executed a command since its statistics were reset. */
  int calls(String name) {
    String stats = (String) Objects.requireNonNull(command("INFO", "commandstats"));
    var line = Pattern.compile("cmdstat_" + name + ":calls=(\\d+)").matcher(stats);
    return line.find() ? Integer.parseInt(line.group(1)) : 0;
  }

  private @Nullable Object reply() throws IOException {
    String line = line();
    int length = line.charAt(0) == '$' || line.charAt(0) == '*' ? number(line) : 0;
    return switch (line.charAt(0)) {
      case '$' -> length < 0 ? null : bulk(length);
      case '*' -> length < 0 ? null : items(length);
      case '-' -> line;
      default -> line.substring(1);
    };
  }

  private static int number(String line) {
    return Integer.parseInt(line, 1, line.length(), 10);
  }

  private String bulk(int length) throws IOException {
    String text = new String(replies.readNBytes(length), UTF_8);
    line();
    return text;
  }

  private List<@Nullable Object> items(int length) throws IOException {
    var items = new ArrayList<@Nullable Object>();
    for (int i = 0; i < length; i++) {
      items.add(reply());
    }
    return items;
  }

  private String line() throws IOException {
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
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
