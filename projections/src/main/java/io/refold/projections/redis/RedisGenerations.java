package io.refold.projections.redis;

import static io.refold.projections.redis.Replies.list;
import static io.refold.projections.redis.Replies.number;
import static io.refold.projections.redis.Replies.script;
import static io.refold.projections.redis.Replies.text;
import static io.refold.projections.redis.Replies.yes;

import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.eventstore.redis.StoredBytes;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** {@link Generations} as scripts on one hash for all projections, and a set of workers each. */
final class RedisGenerations implements Generations {
  private static final RedisScript LOOK = script("generation_look.lua");
  private static final RedisScript OPEN = script("generation_open.lua");
  private static final RedisScript FORGET = script("generation_forget.lua");
  private static final RedisScript RETIRE = script("generation_retire.lua");
  private static final RedisScript START = script("rebuild_start.lua");
  private static final RedisScript KEEP = script("rebuild_keep.lua");
  private static final RedisScript DIRECT = script("rebuild_direct.lua");
  private static final RedisScript FLIP = script("rebuild_flip.lua");
  private static final RedisScript CANCEL = script("rebuild_cancel.lua");
  private static final RedisScript ATTEND = script("attend.lua");
  private static final RedisScript LEAVE = script("leave.lua");
  private static final RedisScript DISMISS = script("dismiss.lua");
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final RedisSession session;
  private final ProjectionKeys keys;

  RedisGenerations(RedisSession session, ProjectionKeys keys) {
    this.session = session;
    this.keys = keys;
  }

  private List<?> views(RedisScript script, Object... args) {
    return list(session.eval(script, List.of(keys.views()), args));
  }

  private static Layout layout(String projection, List<?> reply, int index) {
    return StoredBytes.read(
        () -> "what is known of the generations of projection '%s'".formatted(projection),
        () ->
            new Layout(
                new Generation(projection, Integer.parseInt(text(reply, index))),
                shape(text(reply, index + 1))));
  }

  /**
   * Reads how a generation is laid out.
   *
   * @throws IllegalArgumentException if it has a number of shards that none has
   */
  static Shape shape(String json) {
    Shape shape = Objects.requireNonNull(MAPPER.readValue(json, Shape.class));
    int least = shape.kind() == Kind.ROWS ? 1 : 0;
    if (shape.shards() < least || shape.shards() > RedisProjectionStore.MAX_SHARDS) {
      throw new IllegalArgumentException("a generation has no %d shards".formatted(shape.shards()));
    }
    return shape;
  }

  private static boolean present(List<?> reply, int index) {
    return !text(reply, index).isEmpty();
  }

  private static Filling filling(String projection, List<?> reply, int index) {
    return new Filling(
        layout(projection, reply, index),
        layout(projection, reply, index + 2),
        StoredBytes.read(
            () -> "the rebuild of projection '%s'".formatted(projection),
            () -> Purpose.valueOf(text(reply, index + 4))));
  }

  private static List<Layout> layouts(String projection, List<?> pairs) {
    var layouts = new ArrayList<Layout>();
    for (int i = 0; i < pairs.size(); i += 2) {
      layouts.add(layout(projection, pairs, i));
    }
    return layouts;
  }

  /** Writes {@code <events per second> <paused> <parking>}. */
  private static String written(Terms terms) {
    return "%d %d %d"
        .formatted(terms.eventsPerSecond(), terms.paused() ? 1 : 0, terms.parking() ? 1 : 0);
  }

  private static Terms terms(String written) {
    if (written.isEmpty()) {
      return Terms.PLAIN;
    }
    String[] parts = written.split(" ", 3);
    return StoredBytes.read(() -> "the terms of a rebuild", () -> terms(parts));
  }

  private static Terms terms(String[] parts) {
    return new Terms(Long.parseLong(parts[0]), parts[1].equals("1"), parts[2].equals("1"));
  }

  @Override
  public Catalog look(String projection, int version) {
    List<?> reply = // to note twice that somebody is there does no harm
        list(
            session.evalRead(
                LOOK, List.of(keys.views()), projection, version, Replies.micros(SEEN)));
    return new Catalog(
        present(reply, 0) ? Optional.of(layout(projection, reply, 0)) : Optional.empty(),
        present(reply, 2) ? Optional.of(filling(projection, reply, 2)) : Optional.empty(),
        terms(text(reply, 7)),
        layouts(projection, list(reply.get(8))),
        layouts(projection, list(reply.get(9))));
  }

  @Override
  public Optional<Layout> open(String projection, Shape shape) {
    List<?> reply = views(OPEN, projection, shape.version(), MAPPER.writeValueAsString(shape));
    return reply.isEmpty() ? Optional.empty() : Optional.of(layout(projection, reply, 0));
  }

  @Override
  public Start start(
      String projection,
      Shape shape,
      Purpose purpose,
      Terms terms,
      String coordinator,
      Duration lease) {
    return start(projection, shape, purpose.name(), terms, coordinator, lease);
  }

  @Override
  public Start adopt(String projection, Shape shape, String coordinator, Duration lease) {
    return start(projection, shape, "ADOPT", Terms.PLAIN, coordinator, lease);
  }

  private Start start(
      String projection,
      Shape shape,
      String purpose,
      Terms terms,
      String coordinator,
      Duration lease) {
    List<?> reply =
        views(
            START,
            projection,
            shape.version(),
            MAPPER.writeValueAsString(shape),
            coordinator,
            Replies.micros(lease),
            purpose,
            written(terms));
    return switch (text(reply, 0)) {
      case "started" -> new Start.Started(filling(projection, reply, 2), number(reply, 1) == 1);
      case "running" -> new Start.Running(text(reply, 1), filling(projection, reply, 2));
      default -> new Start.NothingLive();
    };
  }

  private static String projection(Filling rebuild) {
    return rebuild.fresh().generation().projection();
  }

  private static String name(Filling rebuild) {
    return "%d %d %s"
        .formatted(
            rebuild.fresh().generation().number(),
            rebuild.old().generation().number(),
            rebuild.purpose());
  }

  @Override
  public Optional<Terms> keep(Filling rebuild, String coordinator, Duration lease) {
    List<?> reply =
        views(KEEP, projection(rebuild), name(rebuild), coordinator, Replies.micros(lease));
    return reply.isEmpty() ? Optional.empty() : Optional.of(terms(text(reply, 0)));
  }

  @Override
  public boolean direct(Filling rebuild, Terms terms) {
    return yes(views(DIRECT, projection(rebuild), name(rebuild), written(terms)));
  }

  @Override
  public boolean flip(Filling rebuild) {
    return yes(views(FLIP, projection(rebuild), name(rebuild), rebuild.fresh().shape().version()));
  }

  @Override
  public boolean cancel(Filling rebuild) {
    return yes(views(CANCEL, projection(rebuild), name(rebuild)));
  }

  @Override
  public int retire(String projection, int version, Duration age) {
    return (int) number(views(RETIRE, projection, version, Replies.micros(age)), 0);
  }

  @Override
  public boolean forget(Generation generation, Duration age) {
    return yes(views(FORGET, generation.projection(), generation.number(), Replies.micros(age)));
  }

  @Override
  public Attendance attend(Generation generation, String worker, Duration lease) {
    List<?> reply =
        list(
            session.eval(ATTEND, List.of(keys.workers(generation)), worker, Replies.micros(lease)));
    return new Attendance((int) number(reply, 0), (int) number(reply, 1));
  }

  @Override
  public void leave(Generation generation, String worker) {
    session.eval(LEAVE, List.of(keys.workers(generation)), worker);
  }

  @Override
  public void dismiss(Generation generation) {
    session.eval(DISMISS, List.of(keys.workers(generation)));
  }
}
