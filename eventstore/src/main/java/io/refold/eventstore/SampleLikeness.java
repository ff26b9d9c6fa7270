package io.refold.eventstore;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Whether a sample was read as it was written, arrays by their elements. */
final class SampleLikeness {
  private SampleLikeness() {}

  /** Returns the first component that came back otherwise, with both values; empty if none did. */
  static Optional<String> difference(Object written, Object read) {
    if (!written.getClass().equals(read.getClass())) {
      return Optional.of("it is a %s afterwards".formatted(read.getClass().getName()));
    }
    for (RecordComponent component : written.getClass().getRecordComponents()) {
      Object before = value(component, written);
      Object after = value(component, read);
      if (!Objects.equals(plain(before), plain(after))) {
        return Optional.of(
            "component '%s' was %s and is %s afterwards"
                .formatted(component.getName(), text(before), text(after)));
      }
    }
    return Optional.empty();
  }

  /** Returns a value without the arrays and records in it, equal to what is like it. */
  private static @Nullable Object plain(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Record record -> {
        var parts = new ArrayList<@Nullable Object>();
        parts.add(record.getClass());
        for (RecordComponent component : record.getClass().getRecordComponents()) {
          parts.add(plain(value(component, record)));
        }
        yield parts;
      }
      case Set<?> set -> all(set, new HashSet<>());
      case Collection<?> list -> all(list, new ArrayList<>());
      case Map<?, ?> map -> {
        var entries = new HashMap<@Nullable Object, @Nullable Object>();
        map.forEach((key, content) -> entries.put(plain(key), plain(content)));
        yield entries;
      }
      case Optional<?> optional -> optional.map(SampleLikeness::plain);
      case Object other when other.getClass().isArray() ->
          IntStream.range(0, Array.getLength(other))
              .mapToObj(i -> plain(Array.get(other, i)))
              .toList();
      default -> value;
    };
  }

  private static Object all(Collection<?> from, Collection<@Nullable Object> to) {
    from.forEach(element -> to.add(plain(element)));
    return to;
  }

  private static String text(@Nullable Object value) {
    String list = Arrays.deepToString(new @Nullable Object[] {value});
    String text = list.substring(1, list.length() - 1);
    return value == null ? text : "%s (%s)".formatted(text, value.getClass().getName());
  }

  private static @Nullable Object value(RecordComponent component, Object record) {
    Method accessor = component.getAccessor();
    try {
      accessor.setAccessible(true);
      return accessor.invoke(record);
    } catch (InvocationTargetException e) {
      throw new AssertionError(
          "%s of %s fails".formatted(accessor.getName(), record.getClass().getName()), e);
    } catch (IllegalAccessException e) {
      throw new LinkageError("%s cannot be read".formatted(accessor), e);
    }
  }
}
