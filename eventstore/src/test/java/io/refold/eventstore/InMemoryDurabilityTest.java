package io.refold.eventstore;

class InMemoryDurabilityTest extends DurabilityContract {
  private final EventStore reaching = new InMemoryEventStore();
  private final EventStore unreaching = new InMemoryEventStore().confirming(false);

  @Override
  protected EventStore reaching() {
    return reaching;
  }

  @Override
  protected EventStore unreaching() {
    return unreaching;
  }
}
