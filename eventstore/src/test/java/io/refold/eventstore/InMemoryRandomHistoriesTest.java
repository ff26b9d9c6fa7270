package io.refold.eventstore;

class InMemoryRandomHistoriesTest extends RandomHistoriesContract {
  private final EventStore store = new InMemoryEventStore();

  @Override
  protected EventStore store() {
    return store;
  }
}
