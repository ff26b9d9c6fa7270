package io.refold.eventstore;

class InMemoryCommandHandlerTest extends CommandHandlerContract {
  private final EventStore store = new InMemoryEventStore();

  @Override
  protected EventStore store() {
    return store;
  }
}
