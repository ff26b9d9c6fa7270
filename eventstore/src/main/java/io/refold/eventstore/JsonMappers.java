package io.refold.eventstore;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The one place where Jackson is set up: the JSON rules of events and states.
 *
 * <p>Whatever is written can be read again: times keep their offset and zone, and numbers, texts
 * and names may be as long as an event.
 */
final class JsonMappers {
  private JsonMappers() {}

  /**
   * Returns the mapper of one codec of events.
   *
   * @param modules what else takes part
   * @param writtenNulls per class the components that are written even where they are null
   */
  static JsonMapper events(
      Collection<? extends JacksonModule> modules, Map<Class<?>, Set<String>> writtenNulls) {
    return rules(modules, writtenNulls).build();
  }

  /** Returns a mapper of states. */
  static JsonMapper states(Collection<? extends JacksonModule> modules) {
    return rules(modules, Map.of()).build();
  }

  /** Returns a reader of objects as trees that keep every digit. */
  static ObjectReader trees(JsonMapper mapper) {
    return mapper
        .readerFor(ObjectNode.class)
        .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
  }

  private static JsonMapper.Builder rules(
      Collection<? extends JacksonModule> modules, Map<Class<?>, Set<String>> writtenNulls) {
    var limits =
        StreamReadConstraints.builder()
            .maxNumberLength(Integer.MAX_VALUE)
            .maxNameLength(Integer.MAX_VALUE)
            .build();
    return JsonMapper.builder(JsonFactory.builder().streamReadConstraints(limits).build())
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
        .enable(DateTimeFeature.WRITE_DATES_WITH_ZONE_ID)
        .disable(DateTimeFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
        .annotationIntrospector(new RecordAnnotations(writtenNulls))
        .addModules(modules);
  }
}
