package io.refold.eventstore;

class InMemoryRepetitionTest extends RepetitionContract {
  private final EventStore store = new InMemoryEventStore();

  @Override
  protected EventStore store() {
    return store;
  }
}
