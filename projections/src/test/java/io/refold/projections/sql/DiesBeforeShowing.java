package io.refold.projections.sql;

import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.projections.ProjectionStore;
import io.refold.projections.Subscriber;
import io.refold.projections.Target;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A process that never comes to switch the database's readers to one generation. */
record DiesBeforeShowing(SqlReadModel model, int generation) implements Subscriber {
  @Override
  public String name() {
    return model.name();
  }

  @Override
  public int version() {
    return model.version();
  }

  @Override
  public Set<String> categories() {
    return model.categories();
  }

  @Override
  public Shape shape(int shards) {
    return model.shape(shards);
  }

  @Override
  public Target target(ProjectionStore store, Layout layout) {
    return model.target(store, layout);
  }

  @Override
  public Heads heads(ProjectionStore store) {
    Heads heads = model.heads(store);
    return new Heads() {
      @Override
      public void show(Layout live) {
        if (live.generation().number() == generation) {
          throw new StoreUnavailableException("died on purpose", null);
        }
        heads.show(live);
      }

      @Override
      public void create(Generation generation, int shard) {
        heads.create(generation, shard);
      }

      @Override
      public void delete(Generation generation, int shard, List<String> indexes) {
        heads.delete(generation, shard, indexes);
      }

      @Override
      public Fencing fence(int shard, Lease lease) {
        return heads.fence(shard, lease);
      }

      @Override
      public Optional<Head> head(Generation generation, int shard, int partition) {
        return heads.head(generation, shard, partition);
      }

      @Override
      public void unnote(int shard, Lease lease, StreamId stream) {
        heads.unnote(shard, lease, stream);
      }
    };
  }
}
