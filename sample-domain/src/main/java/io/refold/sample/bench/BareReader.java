package io.refold.sample.bench;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.redis.RedisEventStore;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A client that reads all streams of a store, from the first event to the last, over a plain
 * socket, a hundred streams to a pipeline and three pipelines under way, and throws away what it
 * reads.
 */
final class BareReader {
  private static final int PAGE = 1_000;
  private static final int PIPELINE = 100;
  private static final int AHEAD = 3;
  private static final int BUFFER = 128 * 1_024;

  private final int port;
  private final List<byte[]> requests = new ArrayList<>();
  private final long events;

  BareReader(int port, RedisEventStore store) {
    this.port = port;
    long all = 0;
    for (int partition = 0; partition < store.partitions(); partition++) {
      all += store.head(partition).events();
      for (StreamId stream : streams(store, partition)) {
        String key = store.session().partitionTag(partition) + ":s:" + stream;
        int length = key.getBytes(StandardCharsets.UTF_8).length;
        requests.add(
            "*4\r\n$6\r\nXRANGE\r\n$%d\r\n%s\r\n$1\r\n-\r\n$1\r\n+\r\n"
                .formatted(length, key)
                .getBytes(StandardCharsets.UTF_8));
      }
    }
    events = all;
  }

  private static Set<StreamId> streams(RedisEventStore store, int partition) {
    var streams = new LinkedHashSet<StreamId>();
    long after = 0;
    List<LogEntry> page;
    do {
      page = store.readLog(partition, after, PAGE);
      page.forEach(entry -> entry.pointers().forEach(pointer -> streams.add(pointer.stream())));
      after = page.isEmpty() ? after : page.getLast().position().sequence();
    } while (page.size() == PAGE);
    return streams;
  }

  long events() {
    return events;
  }

  double eventsPerSecond() {
    long start = System.nanoTime();
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      var replies = new Replies(socket.getInputStream());
      int sent = 0;
      long read = 0;
      for (int received = 0; received < requests.size(); received++) {
        for (; sent < requests.size() && sent - received <= (AHEAD - 1) * PIPELINE; ) {
          var pipeline = new ByteArrayOutputStream();
          for (int end = Math.min(sent + PIPELINE, requests.size()); sent < end; sent++) {
            pipeline.writeBytes(requests.get(sent));
          }
          pipeline.writeTo(socket.getOutputStream());
        }
        read += replies.skip();
      }
      if (read != events) {
        throw new IllegalStateException("%d of %d events were read".formatted(read, events));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return events / Load.seconds(start);
  }

  /** Lists and texts as they come, to be counted and thrown away. */
  private static final class Replies {
    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER];
    private int next;
    private int end;

    Replies(InputStream in) {
      this.in = in;
    }

    /** Skips a reply; returns the length of the list that it is. */
    long skip() throws IOException {
      int type = read();
      long number = number();
      switch (type) {
        case '*' -> {
          for (long i = 0; i < number; i++) {
            skip();
          }
        }
        case '$' -> skip(number + 2);
        default -> throw new IllegalStateException("the server replied something else than a list");
      }
      return number;
    }

    private long number() throws IOException {
      long number = 0;
      for (int digit = read(); digit != '\r'; digit = read()) {
        number = 10 * number + digit - '0';
      }
      read();
      return number;
    }

    private void skip(long bytes) throws IOException {
      for (long left = bytes; left > 0; ) {
        fill();
        int some = (int) Math.min(left, end - next);
        next += some;
        left -= some;
      }
    }

    private int read() throws IOException {
      fill();
      return buffer[next++];
    }

    private void fill() throws IOException {
      if (next == end) {
        end = in.read(buffer);
        next = 0;
        if (end < 0) {
          throw new EOFException("the server has closed the connection");
        }
      }
    }
  }
}
