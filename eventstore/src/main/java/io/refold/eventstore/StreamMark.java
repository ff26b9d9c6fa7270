package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What happened to a stream itself. A mark stands in its stream at a version of its own, and in the
 * partition's log, so readers meet it in order; it is no event of the domain, and folds do not see
 * it. Its type begins with {@code $}.
 */
public sealed interface StreamMark {
  /** No event follows, ever. */
  record Closed() implements StreamMark {}

  /** The events are gone, and none follows, so the id cannot start again unnoticed. */
  record Deleted() implements StreamMark {}

  /**
   * Personal data in the events before can no longer be read: states and rows that were folded from
   * them are to be folded again.
   *
   * @param subject whose data it was
   */
  record Forgotten(String subject) implements StreamMark {}

  /** The command whose id the mark carries has written nothing here, and never will. */
  record Cancelled() implements StreamMark {}

  /** Returns the stored form. */
  default EncodedEvent encoded() {
    return switch (this) {
      case Closed closed -> new EncodedEvent("$closed", Marks.EMPTY);
      case Deleted deleted -> new EncodedEvent("$deleted", Marks.EMPTY);
      case Forgotten(String subject) ->
          new EncodedEvent(
              "$forgotten", Marks.MAPPER.writeValueAsBytes(Map.of("subject", subject)));
      case Cancelled cancelled -> new EncodedEvent("$cancelled", Marks.EMPTY);
    };
  }

  /**
   * Reads a mark.
   *
   * @return empty for an event of the domain
   * @throws UnreadableEventException if this version of the library does not know the mark
   */
  static Optional<StreamMark> of(StoredEvent stored) {
    String type = stored.payload().type();
    if (!type.startsWith("$")) {
      return Optional.empty();
    }
    return Optional.of(
        switch (type) {
          case "$closed" -> new Closed();
          case "$deleted" -> new Deleted();
          case "$forgotten" -> new Forgotten(Marks.subject(stored));
          case "$cancelled" -> new Cancelled();
          default ->
              throw UnreadableEventException.unknownType(
                  stored, "it is a mark of a newer version of Refold");
        });
  }
}

/** The JSON of marks. */
final class Marks {
  static final byte[] EMPTY = "{}".getBytes(StandardCharsets.UTF_8);
  static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Marks() {}

  static String subject(StoredEvent stored) {
    try {
      JsonNode subject = MAPPER.readTree(stored.payload().data()).path("subject");
      if (subject.isString()) {
        return subject.stringValue();
      }
      throw new UnreadableEventException(
          stored, new IllegalArgumentException("it names no subject"));
    } catch (JacksonException e) {
      throw new UnreadableEventException(stored, e);
    }
  }
}
