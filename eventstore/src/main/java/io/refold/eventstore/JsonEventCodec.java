package io.refold.eventstore;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/** Jackson behind {@link EventCodec#json}: one prepared reader and writer per event type. */
final class JsonEventCodec<E> implements EventCodec<E> {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .changeDefaultPropertyInclusion(
              value -> value.withValueInclusion(JsonInclude.Include.NON_NULL))
          .changeDefaultVisibility(visibility ->
              visibility
                  .withFieldVisibility(JsonAutoDetect.Visibility.ANY)
                  .withGetterVisibility(JsonAutoDetect.Visibility.NONE)
                  .withIsGetterVisibility(JsonAutoDetect.Visibility.NONE))
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .annotationIntrospector(new PrimitivesAreRequired())
          .build();

  /** Without it a number that is missing would silently be 0. */
  private static final class PrimitivesAreRequired extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
      return (member instanceof AnnotatedParameter && member.getRawType().isPrimitive())
          ? Boolean.TRUE
          : super.hasRequiredMarker(config, member);
    }
  }

  private record Format(String type, ObjectWriter writer) {}

  private final Class<E> root;
  private final Map<Class<?>, Format> formats = new HashMap<>();
  private final Map<String, ObjectReader> readers = new HashMap<>();

  JsonEventCodec(Class<E> root) {
    this.root = root;
    for (Class<? extends E> event : records(root)) {
      String type = logicalName(event);
      if (readers.put(type, MAPPER.readerFor(event)) != null) {
        throw new IllegalArgumentException(
            "two events of %s would be stored as '%s': rename one"
                .formatted(root.getSimpleName(), type));
      }
      formats.put(event, new Format(type, MAPPER.writerFor(event)));
    }
  }

  @Override
  public EncodedEvent encode(StreamId stream, E event) {
    Format format = formats.get(event.getClass());
    if (format == null) {
      throw new EventNotStorableException(
          "%s is not an event of %s; it knows %s"
              .formatted(event.getClass().getName(), root.getName(), types()),
          null);
    }
    try {
      return new EncodedEvent(format.type(), format.writer().writeValueAsBytes(event));
    } catch (JacksonException e) {
      throw new EventNotStorableException(
          "%s cannot be written as JSON: %s".formatted(format.type(), e.getOriginalMessage()), e);
    }
  }

  @Override
  public List<E> decode(StoredEvent stored) {
    EncodedEvent payload = stored.payload();
    ObjectReader reader = readers.get(payload.type());
    if (reader == null) {
      throw new IllegalArgumentException("unknown event type; known are " + types());
    }
    try {
      @Nullable E event = reader.readValue(payload.data());
      if (event == null) {
        throw new IllegalArgumentException("the data is JSON null, not an event");
      }
      return List.of(event);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  private Set<String> types() {
    return new TreeSet<>(readers.keySet());
  }

  private static <E> Set<Class<? extends E>> records(Class<? extends E> type) {
    if (type.isRecord()) {
      return Set.of(type);
    }
    if (!type.isSealed()) {
      throw new IllegalArgumentException(
          "%s is neither a record nor sealed: events are records under a sealed interface"
              .formatted(type.getName()));
    }
    var found = new LinkedHashSet<Class<? extends E>>();
    for (Class<?> permitted : type.getPermittedSubclasses()) {
      @SuppressWarnings("unchecked") // what a type permits extends that type
      var event = (Class<? extends E>) permitted;
      found.addAll(records(event));
    }
    return found;
  }

  private static String logicalName(Class<?> event) {
    return event
        .getSimpleName()
        .replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-")
        .toLowerCase(Locale.ROOT);
  }
}
