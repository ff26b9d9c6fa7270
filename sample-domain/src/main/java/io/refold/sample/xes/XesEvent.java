package io.refold.sample.xes;

import java.util.Map;

/**
 * An event as written: its attributes as text, by key.
 *
 * @param line where it begins, from 1
 * @param attributes key to value; nested attributes are left out
 */
public record XesEvent(long line, Map<String, String> attributes) {
  /** Copies the attributes. */
  public XesEvent {
    attributes = Map.copyOf(attributes);
  }
}
