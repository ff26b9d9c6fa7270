package io.refold.projections.redis;

import io.refold.eventstore.StreamId;
import io.refold.projections.store.EventAddress;

/** How the address of an event is written: {@code <version> <category>:<id>}. */
final class Addresses {
  private Addresses() {}

  static String text(EventAddress event) {
    return event.version() + " " + event.stream();
  }

  static EventAddress parse(String text) {
    int space = text.indexOf(' ');
    return new EventAddress(
        StreamId.parse(text.substring(space + 1)), Long.parseLong(text, 0, space, 10));
  }
}
