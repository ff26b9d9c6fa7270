package io.refold.eventstore.redis;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.redisson.client.RedisClient;
import org.redisson.client.protocol.RedisCommands;

/**
 * A connection that reads ranges of streams and nothing else. Redisson makes it, with its
 * encryption, user and database; then its handlers are taken out, because half the processor time
 * of reading a history went into its decoder, which reads every length as a text and every reply
 * twice.
 *
 * <p>One reading at a time. Its requests go out {@value #CHUNK} at once, {@value #AHEAD} times that
 * may be unanswered. Replies are read as they come, by the connection's own thread, entry by entry:
 * an entry that is not there completely waits for the rest. Whatever else than plain entries comes
 * back ends the reading and the connection.
 */
final class BulkConnection {
  private static final int CHUNK = 100;
  private static final int AHEAD = 3;
  private static final int FIRST_BYTES = 64 * 1_024;

  private final RedisClient client;
  private final Channel channel;

  /** What is asked of a stream: a command as it is sent, and how its entries are read. */
  record Request<T>(String command, RawEntry.Reader<T> reader) {}

  private BulkConnection(RedisClient client, Channel channel) {
    this.client = client;
    this.channel = channel;
  }

  /** Opens a connection, like those that Redisson opens to this node. */
  static CompletionStage<BulkConnection> open(RedisClient client) {
    return client
        .connectAsync()
        .thenCompose(made -> {
          Channel channel = made.getChannel();
          // Redisson pings as soon as it has connected: once another ping is answered, that one is.
          return CompletableFuture.completedFuture(made)
              .thenComposeAsync(same -> same.async(RedisCommands.PING), channel.eventLoop())
              .thenApplyAsync(
                  answered -> {
                    strip(channel);
                    return new BulkConnection(client, channel);
                  },
                  channel.eventLoop())
              .whenComplete((connection, failure) -> {
                if (failure != null) {
                  var unused = channel.close();
                }
              });
        });
  }

  private static void strip(Channel channel) {
    for (Map.Entry<String, ChannelHandler> handler : channel.pipeline()) {
      if (!(handler.getValue() instanceof SslHandler)) {
        channel.pipeline().remove(handler.getKey());
      }
    }
  }

  /** Tells whether it is open and leads to this node. */
  boolean leadsTo(RedisClient node) {
    return client == node && channel.isActive();
  }

  void close() {
    var unused = channel.close();
  }

  /** Starts to read; the result has a list of entries for each request. */
  <T> Reading<T> read(List<Request<T>> requests) {
    var reading = new Reading<>(channel, requests);
    channel
        .eventLoop()
        .execute(() -> {
          channel.pipeline().addLast(reading);
          if (channel.isActive()) {
            reading.send();
          } else {
            reading.fail(new EOFException("the connection is closed"));
          }
        });
    return reading;
  }

  /** Requests under way, and what was read of their replies. */
  static final class Reading<T> extends ChannelInboundHandlerAdapter {
    private final Channel channel;
    private final List<Request<T>> requests;
    private final List<List<T>> results;
    private final CompletableFuture<List<List<T>>> done = new CompletableFuture<>();
    private final RawEntry entry = new RawEntry();
    private byte[] bytes = new byte[FIRST_BYTES];
    private int start;
    private int end;
    private int cursor;
    private int sent;
    private int entriesLeft = -1;
    private @Nullable List<T> current;
    private volatile int received;

    private Reading(Channel channel, List<Request<T>> requests) {
      this.channel = channel;
      this.requests = requests;
      this.results = new ArrayList<>(requests.size());
    }

    CompletableFuture<List<List<T>>> done() {
      return done;
    }

    /** Returns how many chunks of bytes have come; grows as long as the server is alive. */
    int received() {
      return received;
    }

    private void send() {
      while (sent < requests.size() && sent - results.size() <= (AHEAD - 1) * CHUNK) {
        var out = new ByteArrayOutputStream(8_192);
        for (int last = Math.min(sent + CHUNK, requests.size()); sent < last; sent++) {
          out.writeBytes(requests.get(sent).command().getBytes(StandardCharsets.UTF_8));
        }
        var unused = channel.writeAndFlush(Unpooled.wrappedBuffer(out.toByteArray()));
      }
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // only the connection's thread writes it
    public void channelRead(ChannelHandlerContext context, Object message) {
      var chunk = (ByteBuf) message;
      try {
        append(chunk);
        received++;
        while (results.size() < requests.size() && advance()) {
          // each round reads an entry, or the beginning of a reply
        }
        if (results.size() == requests.size()) {
          channel.pipeline().remove(this);
          done.complete(results);
        } else {
          send();
        }
      } catch (RuntimeException surprise) {
        fail(surprise);
      } finally {
        chunk.release();
      }
    }

    private void append(ByteBuf chunk) {
      int more = chunk.readableBytes();
      if (end + more > bytes.length) {
        int kept = end - start;
        byte[] to =
            kept + more > bytes.length ? new byte[Math.max(2 * bytes.length, kept + more)] : bytes;
        System.arraycopy(bytes, start, to, 0, kept);
        bytes = to;
        start = 0;
        end = kept;
      }
      chunk.readBytes(bytes, end, more);
      end += more;
    }

    /** Reads on; returns whether there may be more to read in what has come. */
    private boolean advance() {
      cursor = start;
      List<T> entries = current;
      if (entries == null) {
        int count = header('*');
        if (count < 0) {
          return false;
        }
        entries = new ArrayList<>(count);
        current = entries;
        entriesLeft = count;
      } else if (!readEntry()) {
        return false;
      } else {
        entries.add(requests.get(results.size()).reader().read(entry));
        entriesLeft--;
      }
      start = cursor;
      if (entriesLeft == 0) {
        results.add(entries);
        current = null;
      }
      return true;
    }

    /** Reads {@code *2, $id, *2n, n times $name and $value}; false if not all of it is there. */
    private boolean readEntry() {
      int parts = header('*');
      int id = parts < 0 ? -1 : header('$');
      if (id < 0 || !skip(id)) {
        return false;
      }
      entry.begin(bytes, cursor - 2 - id, cursor - 2);
      int fields = header('*');
      if (fields < 0) {
        return false;
      }
      for (int i = 0; i < fields; i += 2) {
        int name = header('$');
        if (name < 0 || !skip(name)) {
          return false;
        }
        if (name != 1) {
          throw new IllegalArgumentException("a field of an entry is not known");
        }
        byte letter = bytes[cursor - 3];
        int length = header('$');
        if (length < 0 || !skip(length)) {
          return false;
        }
        entry.field(letter, cursor - 2 - length, cursor - 2);
      }
      return true;
    }

    private boolean skip(int length) {
      cursor += length + 2;
      return cursor <= end;
    }

    /** Reads a type and a number, and the end of the line; -1 if that is not there completely. */
    private int header(char type) {
      if (cursor >= end) {
        return -1;
      }
      if (bytes[cursor] != type) {
        throw new IllegalArgumentException("the reply is no list of entries");
      }
      int number = 0;
      for (int i = cursor + 1; i < end; i++) {
        if (bytes[i] == '\r') {
          if (i + 1 >= end) {
            return -1;
          }
          cursor = i + 2;
          return number;
        }
        number = 10 * number + (bytes[i] - '0');
        if (number < 0) {
          throw new IllegalArgumentException("the reply is no list of entries");
        }
      }
      return -1;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      fail(new EOFException("the connection was closed"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      fail(cause);
    }

    private void fail(Throwable cause) {
      done.completeExceptionally(cause);
      var unused = channel.close();
    }
  }

  /** Returns {@code XRANGE key from to COUNT limit}, as it is sent. */
  static String range(String command, String key, String from, String to, int limit) {
    var out = new StringBuilder(key.length() + 96).append("*6\r\n");
    for (String part : new String[] {command, key, from, to, "COUNT", Integer.toString(limit)}) {
      out.append('$')
          .append(ByteBufUtil.utf8Bytes(part))
          .append("\r\n")
          .append(part)
          .append("\r\n");
    }
    return out.toString();
  }
}
