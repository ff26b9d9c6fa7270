package io.refold.eventstore;

class InMemorySnapshotTest extends SnapshotContract {
  private final EventStore store = new InMemoryEventStore();

  @Override
  protected EventStore store() {
    return store;
  }
}
