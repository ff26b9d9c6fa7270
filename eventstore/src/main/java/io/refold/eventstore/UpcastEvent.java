package io.refold.eventstore;

import java.util.Objects;
import tools.jackson.databind.node.ObjectNode;

/**
 * One of the events that an older one stands for.
 *
 * @param type its type as it would be stored: {@code name}, or {@code name@n} from version 2 on; if
 *     that is not its present version, its own upcasts follow
 * @param data its JSON
 * @see JsonEventCodecBuilder#replaced
 */
public record UpcastEvent(String type, ObjectNode data) {
  /**
   * Checks that there is data.
   *
   * @throws NullPointerException if there is none
   */
  public UpcastEvent {
    Objects.requireNonNull(data, "an upcast gave null");
  }
}
