package io.refold.sample.demo;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.redis.RedisProjectionStore;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The server that the demo works on: an embedded one that leaves nothing behind, or a given one, in
 * a namespace of its own for each run.
 */
final class DemoServer implements AutoCloseable {
  private static final RedisScript MEMORY = RedisScript.load(DemoServer.class, "memory.lua");
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS");

  private final @Nullable EmbeddedRedis embedded;
  private final String url;
  private final RedisEventStore events;
  private final RedisProjectionStore projections;
  private final long bytesBefore;

  private DemoServer(@Nullable EmbeddedRedis embedded, String url) {
    this.embedded = embedded;
    this.url = url;
    String namespace = "fines-" + LocalDateTime.now(ZoneId.systemDefault()).format(STAMP);
    events = RedisEventStore.to(url).namespace(namespace).open();
    projections = RedisProjectionStore.on(events);
    bytesBefore = usedBytes();
  }

  /**
   * Connects to a given server, or starts one.
   *
   * @throws IllegalArgumentException if the address cannot be understood
   * @throws io.refold.eventstore.EventStoreException if the server cannot be used
   */
  static DemoServer open(Optional<String> url) {
    if (url.isPresent()) {
      return new DemoServer(null, url.get());
    }
    var embedded = EmbeddedRedis.start("appendonly yes");
    try {
      return new DemoServer(embedded, embedded.url());
    } catch (RuntimeException e) {
      embedded.close();
      throw e;
    }
  }

  boolean isEmbedded() {
    return embedded != null;
  }

  String url() {
    return url;
  }

  String namespace() {
    return events.session().namespace();
  }

  RedisEventStore events() {
    return events;
  }

  RedisProjectionStore projections() {
    return projections;
  }

  /** Returns how much the server's memory has grown since the demo connected to it. */
  long grownBytes() {
    return usedBytes() - bytesBefore;
  }

  private long usedBytes() {
    RedisSession session = events.session();
    return (Long) Objects.requireNonNull(session.eval(MEMORY, List.of(session.logKey(0))));
  }

  @Override
  public void close() {
    projections.close();
    events.close();
    if (embedded != null) {
      embedded.close();
    }
  }
}
