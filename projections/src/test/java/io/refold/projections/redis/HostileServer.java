package io.refold.projections.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A plain connection whose texts are bytes: changes what lies there as nothing of ours would. */
final class HostileServer implements AutoCloseable {
  private static final int REPLY_MILLIS = 30_000;

  private final Socket socket;
  private final InputStream replies;

  HostileServer(EmbeddedRedis redis) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), redis.port());
    socket.setSoTimeout(REPLY_MILLIS);
    replies = new BufferedInputStream(socket.getInputStream());
  }

  /** Returns a text, a list, or null; errors are texts that begin with {@code -}. */
  @Nullable Object command(List<String> words) throws IOException {
    var request = new ByteArrayOutputStream();
    request.writeBytes(("*" + words.size() + "\r\n").getBytes(ISO_8859_1));
    for (String word : words) {
      request.writeBytes(("$" + word.length() + "\r\n" + word + "\r\n").getBytes(ISO_8859_1));
    }
    request.writeTo(socket.getOutputStream());
    return reply();
  }

  @Nullable Object command(String... words) throws IOException {
    return command(List.of(words));
  }

  /** Puts something of a type where a key was. */
  void overwrite(String key, String type, String content) throws IOException {
    command("DEL", key);
    switch (type) {
      case "string" -> command("SET", key, content);
      case "list" -> command("RPUSH", key, content);
      case "set" -> command("SADD", key, content);
      case "zset" -> command("ZADD", key, "1", content);
      case "hash" -> command("HSET", key, content, content);
      default -> command("XADD", key, "5-5", content, content);
    }
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
    String text = new String(replies.readNBytes(length), ISO_8859_1);
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
  public void close() throws IOException {
    socket.close();
  }
}
