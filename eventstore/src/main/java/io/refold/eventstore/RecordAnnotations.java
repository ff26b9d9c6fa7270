package io.refold.eventstore;

import com.fasterxml.jackson.annotation.JacksonAnnotation;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.annotation.JsonDeserialize;
import tools.jackson.databind.annotation.JsonSerialize;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedClass;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.jsontype.NamedType;

/**
 * Reads records as if they were annotated: primitives are required, because a number that is
 * missing would silently be 0; and a value whose declared type is sealed over records tells by a
 * property {@value #TYPE_PROPERTY} which of them it is. Where the user has annotated such a type,
 * the user's annotations rule.
 */
final class RecordAnnotations extends JacksonAnnotationIntrospector {
  static final String TYPE_PROPERTY = "$type";

  private static final long serialVersionUID = 1L;
  private static final JsonTypeInfo.Value BY_NAME = typeInfo(JsonTypeInfo.Id.NAME);
  private static final JsonTypeInfo.Value NONE = typeInfo(JsonTypeInfo.Id.NONE);

  private final transient Map<Class<?>, Set<String>> writtenNulls;

  RecordAnnotations(Map<Class<?>, Set<String>> writtenNulls) {
    this.writtenNulls = writtenNulls;
  }

  @Override
  public @Nullable Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
    return (member instanceof AnnotatedParameter && member.getRawType().isPrimitive())
        ? Boolean.TRUE
        : super.hasRequiredMarker(config, member);
  }

  @Override
  public JsonInclude.Value findPropertyInclusion(MapperConfig<?> config, Annotated annotated) {
    return annotated instanceof AnnotatedMember member
            && writtenNulls
                .getOrDefault(member.getDeclaringClass(), Set.of())
                .contains(member.getName())
        ? JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS)
        : super.findPropertyInclusion(config, annotated);
  }

  @Override
  public JsonTypeInfo.@Nullable Value findPolymorphicTypeInfo(
      MapperConfig<?> config, Annotated annotated) {
    JsonTypeInfo.Value users = super.findPolymorphicTypeInfo(config, annotated);
    if (users != null) {
      return users;
    }
    if (annotated instanceof AnnotatedClass type) {
      return isNamed(type.getRawType()) ? BY_NAME : null;
    }
    boolean usersFormat =
        _hasAnnotation(annotated, JsonSerialize.class)
            || _hasAnnotation(annotated, JsonDeserialize.class);
    return usersFormat && holdsNamed(annotated.getType()) ? NONE : null;
  }

  @Override
  public @Nullable List<NamedType> findSubtypes(MapperConfig<?> config, Annotated annotated) {
    Class<?> type = annotated.getRawType();
    return isNamed(type)
        ? SealedRecords.named(type).entrySet().stream()
            .map(named -> new NamedType(named.getValue(), named.getKey()))
            .toList()
        : super.findSubtypes(config, annotated);
  }

  /** Returns whether values declared as this type carry the name of their record. */
  static boolean isNamed(Class<?> type) {
    return SealedRecords.isAlternative(type)
        && Stream.concat(Stream.of(type), Arrays.stream(type.getDeclaredMethods()))
            .flatMap(RecordAnnotations::annotations)
            .noneMatch(
                users -> users.annotationType().isAnnotationPresent(JacksonAnnotation.class));
  }

  private static Stream<Annotation> annotations(AnnotatedElement element) {
    return Arrays.stream(element.getDeclaredAnnotations());
  }

  private static boolean holdsNamed(JavaType type) {
    return isNamed(type.getRawClass())
        || (type.getContentType() != null && holdsNamed(type.getContentType()));
  }

  private static JsonTypeInfo.Value typeInfo(JsonTypeInfo.Id id) {
    return JsonTypeInfo.Value.construct(
        id, JsonTypeInfo.As.PROPERTY, TYPE_PROPERTY, null, false, true, null);
  }
}
