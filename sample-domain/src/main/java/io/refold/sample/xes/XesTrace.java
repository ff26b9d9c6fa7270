package io.refold.sample.xes;

import java.util.List;

/**
 * The events of one case, in the file's order.
 *
 * @param line where it begins, from 1
 * @param name the case's {@code concept:name}
 * @param events in order, at least one
 */
public record XesTrace(long line, String name, List<XesEvent> events) {
  /** Copies the events. */
  public XesTrace {
    events = List.copyOf(events);
  }
}
