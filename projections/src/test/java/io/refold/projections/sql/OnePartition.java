package io.refold.projections.sql;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.EventFailure;
import io.refold.projections.Target;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Heads.Fencing;
import io.refold.projections.store.Heads.Head;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.assertj.core.api.Assertions;

/** A store with one partition and one generation of SQL tables, applied to by hand. */
final class OnePartition {
  final EventStore events = new InMemoryEventStore(1, Clock.systemUTC(), Limits.defaults());
  final InMemoryProjectionStore store = InMemoryProjectionStore.on(events);
  final DataSource database = Postgres.fresh();
  final SqlProjection projection;
  final Generation generation;
  final SqlReadModel model;
  final SqlHeads heads;
  final Target target;

  OnePartition(SqlProjection projection) {
    this(projection, UnaryOperator.identity());
  }

  /** Lets the code under test see the database through something else. */
  OnePartition(SqlProjection projection, UnaryOperator<DataSource> through) {
    this.projection = projection;
    generation = new Generation(projection.name(), 1);
    model = SqlReadModel.of(through.apply(database), projection, Duration.ofSeconds(1));
    heads = (SqlHeads) model.heads(store);
    target = model.target(store, layout());
    heads.create(generation, 0);
    heads.show(layout());
  }

  Layout layout() {
    return new Layout(generation, model.shape(16));
  }

  /** Takes the partition over. */
  Lease lease(String owner, long epoch) {
    var lease = new Lease(generation, 0, owner, epoch);
    Assertions.assertThat(heads.fence(0, lease)).isEqualTo(new Fencing.Done());
    return lease;
  }

  /** Returns the events of the log's entries behind a sequence, up to another. */
  List<StoredEvent> between(long after, long last) {
    var entries =
        events.readLog(0, after, 1_000).stream()
            .filter(entry -> entry.position().sequence() <= last)
            .toList();
    return events.fetch(entries, category -> true);
  }

  Position position(long sequence) {
    return sequence == 0
        ? Position.origin(0)
        : events.readLog(0, sequence - 1, 1).getFirst().position();
  }

  Target.Result apply(Lease lease, long after, long last) throws EventFailure {
    return apply(lease, after, last, Parking.NONE);
  }

  Target.Result apply(Lease lease, long after, long last, Parking parking) throws EventFailure {
    return target.apply(lease, between(after, last), position(last), parking, Map.of());
  }

  Head head() {
    return heads.head(generation, 0, 0).orElseThrow();
  }

  ShopTables.Content content() throws SQLException {
    return model.read(ShopTables::content);
  }
}
