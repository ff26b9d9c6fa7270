package io.refold.eventstore;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Jackson behind {@link EventCodec#json} and {@link EventCodec#jsonBuilder}: one prepared reader
 * and writer per event type.
 *
 * <p>Events that are stored as they are today are read directly. Only those of older versions, and
 * of types with defaults, become a tree first.
 */
final class JsonEventCodec<E> implements EventCodec<E> {
  private static final Logger LOG = LoggerFactory.getLogger(JsonEventCodec.class);
  private static final String WAY_OUT =
      "repair it with an upcast, or let skipUnreadable pass it over";

  private record Format(String type, ObjectWriter writer) {}

  /**
   * What the builder declared.
   *
   * @param types the present types
   * @param history what was stored before
   * @param defaults what stands for missing properties
   * @param modules what else takes part in reading and writing
   * @param protection of personal data; needs a module that encrypts it
   * @param skipped which unreadable events count as none
   */
  record Settings(
      EventTypes types,
      EventHistory history,
      List<EventDefaults.Declared> defaults,
      Collection<JacksonModule> modules,
      Protection protection,
      Predicate<UnreadableEventException> skipped) {}

  private final Settings settings;
  private final JsonMapper mapper;
  private final EventDefaults defaults;
  private final ObjectReader trees;
  private final Map<Class<?>, Format> formats = new HashMap<>();
  private final Map<TypeVersion, ObjectReader> readers = new HashMap<>();
  private final Map<String, ObjectReader> direct = new HashMap<>();

  JsonEventCodec(Settings settings) {
    this.settings = settings;
    mapper = JsonMappers.events(settings.modules(), EventDefaults.components(settings.defaults()));
    defaults = new EventDefaults(settings.types(), settings.defaults(), mapper);
    trees = JsonMappers.trees(mapper);
    for (Class<?> event : settings.types().classes()) {
      JsonShape.check(mapper, mapper.constructType(event));
      TypeVersion type = settings.types().of(event);
      ObjectReader reader = mapper.readerFor(event);
      formats.put(event, new Format(type.stored(), mapper.writerFor(event)));
      readers.put(type, reader);
      if (defaults.properties(type).isEmpty()) {
        settings.history().storedForms(type).forEach(stored -> direct.put(stored, reader));
      }
    }
  }

  @Override
  public EncodedEvent encode(StreamId stream, E event) {
    Format format = formats.get(event.getClass());
    if (format == null) {
      throw new EventNotStorableException(
          "%s is not an event of %s; it knows %s"
              .formatted(
                  event.getClass().getName(),
                  settings.types().root().getName(),
                  settings.types().names()),
          null);
    }
    try {
      var encrypted = new JsonDoubts();
      ObjectWriter writer =
          isProtected()
              ? format
                  .writer()
                  .withAttribute(StreamId.class, stream)
                  .withAttribute(JsonDoubts.class, encrypted)
              : format.writer();
      byte[] json = writer.writeValueAsBytes(event);
      if (JsonDoubts.about(json) || encrypted.found()) {
        readBack(event.getClass(), stream, json);
      }
      return new EncodedEvent(format.type(), json);
    } catch (JacksonException e) {
      PersonalComponents.rethrow(e);
      throw new EventNotStorableException(
          "%s cannot be written as JSON: %s".formatted(format.type(), e.getOriginalMessage()), e);
    }
  }

  private void readBack(Class<?> event, StreamId stream, byte[] json) {
    ObjectReader reader = Objects.requireNonNull(readers.get(settings.types().of(event)));
    reader.withAttribute(StreamId.class, stream).readValue(json);
    trees.forType(JsonNode.class).readValue(json); // an event may be an array
  }

  @Override
  public List<E> decode(StoredEvent stored) {
    try {
      ObjectReader reader = direct.get(stored.payload().type());
      return reader == null ? decodeOlder(stored) : List.of(read(reader, stored));
    } catch (UnreadableEventException e) {
      if (!isSkipped(e)) {
        throw e;
      }
      Throwable cause = e.getCause();
      LOG.warn(
          "Skipped event {} of {} (type '{}') as the codec is told to: {}",
          stored.version(),
          stored.stream(),
          stored.payload().type(),
          e.typeUnknown()
              ? "its type is unknown"
              : "its data is broken" + (cause == null ? "" : ", " + cause.getClass().getName()));
      return List.of();
    }
  }

  @Override
  public Protection protection() {
    return settings.protection();
  }

  private boolean isProtected() {
    return settings.protection() instanceof PersonalProtection;
  }

  /** Returns a codec that reads every event or fails, and into which no module interferes. */
  JsonEventCodec<E> plain() {
    return new JsonEventCodec<>(
        new Settings(
            settings.types(),
            settings.history(),
            settings.defaults(),
            List.of(),
            Protection.NONE,
            unreadable -> false));
  }

  EventTypes types() {
    return settings.types();
  }

  EventDefaults defaults() {
    return defaults;
  }

  JsonMapper mapper() {
    return mapper;
  }

  private List<E> decodeOlder(StoredEvent stored) {
    TypeVersion type = settings.history().locate(stored);
    if (settings.history().isRetired(type)) {
      return List.of();
    }
    var events = new ArrayList<E>();
    settings
        .history()
        .follow(
            type, tree(stored), stored, (present, data) -> events.add(read(present, data, stored)));
    return events;
  }

  private ObjectNode tree(StoredEvent stored) {
    try {
      @Nullable ObjectNode tree = trees.readValue(stored.payload().data());
      if (tree == null) {
        throw isNull(stored);
      }
      return tree;
    } catch (JacksonException e) {
      throw broken(stored, e);
    }
  }

  private E read(TypeVersion type, ObjectNode data, StoredEvent stored) {
    defaults.fill(type, data);
    try {
      return ofStream(Objects.requireNonNull(readers.get(type)), stored).readValue(data);
    } catch (JacksonException e) {
      throw broken(stored, e);
    }
  }

  private E read(ObjectReader reader, StoredEvent stored) {
    try {
      @Nullable E event = ofStream(reader, stored).readValue(stored.payload().data());
      if (event == null) {
        throw isNull(stored);
      }
      return event;
    } catch (JacksonException e) {
      throw broken(stored, e);
    }
  }

  /** Personal data is bound to its stream. */
  private ObjectReader ofStream(ObjectReader reader, StoredEvent stored) {
    return isProtected() ? reader.withAttribute(StreamId.class, stored.stream()) : reader;
  }

  private boolean isSkipped(UnreadableEventException unreadable) {
    try {
      return settings.skipped().test(unreadable);
    } catch (RuntimeException e) {
      unreadable.addSuppressed(e);
      return false;
    }
  }

  private static UnreadableEventException isNull(StoredEvent stored) {
    return UnreadableEventException.broken(
        stored, "the data is JSON null, not an event: " + WAY_OUT, null);
  }

  private static UnreadableEventException broken(StoredEvent stored, JacksonException e) {
    PersonalComponents.rethrow(e);
    return UnreadableEventException.broken(
        stored, "%s: %s".formatted(e.getOriginalMessage(), WAY_OUT), e);
  }
}
