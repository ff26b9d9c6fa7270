package io.refold.projections.redis;

import static io.refold.projections.redis.Replies.list;
import static io.refold.projections.redis.Replies.text;

import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.eventstore.redis.StoredBytes;
import io.refold.projections.store.Deadlines;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** {@link Deadlines} as a sorted set in a partition's slot. */
final class RedisDeadlines implements Deadlines {
  private static final RedisScript CHANGE = Replies.script("deadlines_change.lua");
  private static final RedisScript DUE = Replies.script("deadlines_due.lua");

  private final RedisSession session;
  private final ProjectionKeys keys;

  RedisDeadlines(RedisSession session, ProjectionKeys keys) {
    this.session = session;
    this.keys = keys;
  }

  @Override
  public void change(
      int partition, String process, Collection<Deadline> added, Collection<Deadline> removed) {
    var args = new ArrayList<Object>();
    args.add(removed.size());
    removed.forEach(deadline -> args.add(member(deadline)));
    for (Deadline deadline : added) {
      args.add(deadline.due().toEpochMilli());
      args.add(member(deadline));
    }
    session.eval(CHANGE, List.of(keys.deadlines(partition, process)), args.toArray());
  }

  @Override
  public Agenda due(int partition, String process, Instant now, int skip, int limit) {
    List<?> reply =
        list(
            session.evalRead(
                DUE, List.of(keys.deadlines(partition, process)), now.toEpochMilli(), skip, limit));
    List<?> found = list(reply.get(1));
    return StoredBytes.read(
        () -> "the deadlines of %s in partition %d".formatted(process, partition),
        () -> agenda(reply, found));
  }

  private static Agenda agenda(List<?> reply, List<?> found) {
    var due = new ArrayList<Deadline>();
    for (int i = 0; i < found.size(); i += 2) {
      due.add(deadline(text(found, i), time(text(found, i + 1))));
    }
    String next = text(reply, 0);
    return new Agenda(due, next.isEmpty() ? Optional.empty() : Optional.of(time(next)));
  }

  private static Instant time(String score) {
    return Instant.ofEpochMilli((long) Double.parseDouble(score));
  }

  private static String member(Deadline deadline) {
    return deadline.number() + " " + deadline.name() + '\0' + deadline.instance();
  }

  private static Deadline deadline(String member, Instant due) {
    int space = member.indexOf(' ');
    int end = member.indexOf('\0');
    return new Deadline(
        member.substring(end + 1),
        member.substring(space + 1, end),
        Long.parseLong(member, 0, space, 10),
        due);
  }
}
