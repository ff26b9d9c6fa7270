package io.refold.eventstore;

import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DatabindContext;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedConstructor;
import tools.jackson.databind.introspect.AnnotatedParameter;

/** What records and Jackson say about components that are marked with {@link PersonalData}. */
final class PersonalComponents {
  private PersonalComponents() {}

  /** Returns the mark on what Jackson reads or writes. */
  static @Nullable PersonalData mark(Annotated member) {
    PersonalData mark = member.getAnnotation(PersonalData.class);
    if (mark == null
        && member instanceof AnnotatedParameter parameter
        && parameter.getOwner() instanceof AnnotatedConstructor constructor) {
      return mark(constructor, parameter.getIndex());
    }
    return mark;
  }

  /** Java does not copy marks to the parameters of a canonical constructor that is written out. */
  private static @Nullable PersonalData mark(AnnotatedConstructor constructor, int index) {
    RecordComponent[] components = constructor.getDeclaringClass().getRecordComponents();
    if (components == null || components.length != constructor.getParameterCount()) {
      return null;
    }
    for (int i = 0; i < components.length; i++) {
      if (constructor.getRawParameterType(i) != components[i].getType()) {
        return null;
      }
    }
    return mark(components[index]);
  }

  static @Nullable PersonalData mark(RecordComponent component) {
    return component.getAnnotation(PersonalData.class);
  }

  static @Nullable RecordComponent component(Class<?> type, String name) {
    for (RecordComponent component : type.getRecordComponents()) {
      if (component.getName().equals(name)) {
        return component;
      }
    }
    return null;
  }

  /**
   * Returns the accessor of a component that names a subject.
   *
   * @throws IllegalArgumentException if there is no such component
   */
  static Method accessor(Class<?> type, String name) {
    RecordComponent component = component(type, name);
    if (component == null) {
      throw new IllegalArgumentException(
          "%s has no component '%s' that could name a subject".formatted(type.getName(), name));
    }
    Method accessor = component.getAccessor();
    accessor.setAccessible(true);
    return accessor;
  }

  /** Returns the stream whose event is being written or read. */
  static StreamId stream(DatabindContext context) {
    Object stream = context.getAttribute(StreamId.class);
    if (stream == null) {
      throw new IllegalStateException("personal data is read and written through a codec only");
    }
    return (StreamId) stream;
  }

  /**
   * Throws what keys failed with while Jackson wrote or read: unreachable keys say nothing about
   * the event. A lost key is left to the caller: that event cannot be read.
   */
  static void rethrow(JacksonException wrapped) {
    for (Throwable cause = wrapped; cause != null; cause = cause.getCause()) {
      if (cause instanceof EventStoreException keys
          && !(cause instanceof SubjectKeyLostException)) {
        throw keys;
      }
    }
  }
}
