package io.refold.eventstore;

class InMemoryHistoryTest extends HistoryContract {
  private final EventStore store = new InMemoryEventStore();

  @Override
  protected EventStore store() {
    return store;
  }
}
