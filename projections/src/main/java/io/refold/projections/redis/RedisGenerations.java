package io.refold.projections.redis;

import static io.refold.projections.redis.Replies.list;
import static io.refold.projections.redis.Replies.number;
import static io.refold.projections.redis.Replies.script;
import static io.refold.projections.redis.Replies.text;
import static io.refold.projections.redis.Replies.yes;

import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** {@link Generations} as scripts on one hash for all projections, and a set of workers each. */
final class RedisGenerations implements Generations {
  private static final RedisScript LOOK = script("generation_look.lua");
  private static final RedisScript OPEN = script("generation_open.lua");
  private static final RedisScript FORGET = script("generation_forget.lua");
  private static final RedisScript START = script("rebuild_start.lua");
  private static final RedisScript KEEP = script("rebuild_keep.lua");
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
    return new Layout(
        new Generation(projection, Integer.parseInt(text(reply, index))),
        MAPPER.readValue(text(reply, index + 1), Shape.class));
  }

  private static boolean present(List<?> reply, int index) {
    return !text(reply, index).isEmpty();
  }

  @Override
  public Catalog look(String projection, int version) {
    List<?> reply = views(LOOK, projection, version);
    var gone = new ArrayList<Layout>();
    for (int i = 6; i < reply.size(); i += 2) {
      gone.add(layout(projection, reply, i));
    }
    return new Catalog(
        present(reply, 0) ? Optional.of(layout(projection, reply, 0)) : Optional.empty(),
        present(reply, 2)
            ? Optional.of(new Switch(layout(projection, reply, 2), layout(projection, reply, 4)))
            : Optional.empty(),
        gone);
  }

  @Override
  public Layout open(String projection, Shape shape) {
    return layout(
        projection, views(OPEN, projection, shape.version(), MAPPER.writeValueAsString(shape)), 0);
  }

  @Override
  public Start start(String projection, Shape shape, String coordinator, Duration lease) {
    return start(projection, shape, coordinator, lease, 0);
  }

  @Override
  public Start resume(String projection, Shape shape, String coordinator, Duration lease) {
    return start(projection, shape, coordinator, lease, 1);
  }

  private Start start(
      String projection, Shape shape, String coordinator, Duration lease, int onlyResume) {
    List<?> reply =
        views(
            START,
            projection,
            shape.version(),
            MAPPER.writeValueAsString(shape),
            coordinator,
            Replies.micros(lease),
            onlyResume);
    return switch (text(reply, 0)) {
      case "started" ->
          new Start.Started(
              new Switch(layout(projection, reply, 2), layout(projection, reply, 4)),
              number(reply, 1) == 1);
      case "running" -> new Start.Running(text(reply, 1));
      default -> new Start.NothingLive();
    };
  }

  private static String projection(Switch rebuild) {
    return rebuild.fresh().generation().projection();
  }

  private static String numbers(Switch rebuild) {
    return rebuild.fresh().generation().number() + " " + rebuild.old().generation().number();
  }

  @Override
  public boolean keep(Switch rebuild, String coordinator, Duration lease) {
    return yes(
        views(KEEP, projection(rebuild), numbers(rebuild), coordinator, Replies.micros(lease)));
  }

  @Override
  public boolean flip(Switch rebuild) {
    return yes(
        views(FLIP, projection(rebuild), numbers(rebuild), rebuild.fresh().shape().version()));
  }

  @Override
  public boolean cancel(Switch rebuild) {
    return yes(views(CANCEL, projection(rebuild), numbers(rebuild)));
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
