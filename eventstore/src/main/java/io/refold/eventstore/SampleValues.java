package io.refold.eventstore;

import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Currency;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes values of records, always the same ones.
 *
 * <p>The first sample of a record is made of the first samples of its components; each further one
 * varies one component. So every enum constant and every alternative of a sealed type appears, and
 * a new one adds samples without changing others. Collections hold one element, so that each sample
 * of the element has a place; a record within itself is null, or its collection empty.
 */
final class SampleValues {
  private static final Map<Class<?>, Object> SCALARS =
      Map.ofEntries(
          Map.entry(Boolean.class, true),
          Map.entry(Byte.class, (byte) 1),
          Map.entry(Short.class, (short) 1),
          Map.entry(Character.class, 'a'),
          Map.entry(Integer.class, 1),
          Map.entry(Long.class, 5_000_000_000L), // no int holds it
          Map.entry(Float.class, 1.5f),
          Map.entry(Double.class, 1.5),
          Map.entry(BigInteger.class, new BigInteger("12345678901234567890")),
          Map.entry(BigDecimal.class, new BigDecimal("12.50")),
          Map.entry(UUID.class, UUID.fromString("00000000-0000-4000-8000-000000000001")),
          Map.entry(URI.class, URI.create("https://example.org/a")),
          Map.entry(Locale.class, Locale.UK),
          Map.entry(Currency.class, Currency.getInstance("EUR")),
          Map.entry(OptionalInt.class, OptionalInt.of(1)),
          Map.entry(OptionalLong.class, OptionalLong.of(5_000_000_000L)),
          Map.entry(OptionalDouble.class, OptionalDouble.of(1.5)),
          Map.entry(Instant.class, Instant.parse("2020-01-02T03:04:05.123456Z")),
          Map.entry(LocalDate.class, LocalDate.parse("2020-01-02")),
          Map.entry(LocalTime.class, LocalTime.parse("03:04:05")),
          Map.entry(LocalDateTime.class, LocalDateTime.parse("2020-01-02T03:04:05")),
          Map.entry(OffsetDateTime.class, OffsetDateTime.parse("2020-01-02T03:04:05+01:00")),
          Map.entry(OffsetTime.class, OffsetTime.parse("03:04:05+01:00")),
          Map.entry(
              ZonedDateTime.class, ZonedDateTime.parse("2020-01-02T03:04:05+01:00[Europe/Berlin]")),
          Map.entry(Duration.class, Duration.ofSeconds(90)),
          Map.entry(Period.class, Period.of(1, 2, 3)),
          Map.entry(Year.class, Year.of(2020)),
          Map.entry(YearMonth.class, YearMonth.of(2020, 1)),
          Map.entry(MonthDay.class, MonthDay.of(1, 2)),
          Map.entry(ZoneId.class, ZoneId.of("Europe/Berlin")),
          Map.entry(ZoneOffset.class, ZoneOffset.ofHours(1)));

  private final JsonMapper mapper;
  private final List<Object> own;
  private final Set<Object> used = new HashSet<>();

  /**
   * Makes values with the help of the user's own.
   *
   * @param own added to the samples of their types
   */
  SampleValues(JsonMapper mapper, List<Object> own) {
    this.mapper = mapper;
    this.own = own;
  }

  /** Returns the samples of a record. */
  List<Object> of(Class<?> event) {
    return samples(mapper.constructType(event), event.getSimpleName(), Set.of());
  }

  /** Returns the user's samples that were of no type that occurred. */
  List<Object> unused() {
    return own.stream().filter(sample -> !used.contains(sample)).toList();
  }

  private List<Object> samples(JavaType type, String path, Set<Class<?>> within) {
    Class<?> raw = MethodType.methodType(type.getRawClass()).wrap().returnType();
    boolean holder = type.isContainerType() || type.isReferenceType();
    List<Object> given = holder ? List.of() : own.stream().filter(raw::isInstance).toList();
    used.addAll(given);
    var samples = new ArrayList<Object>();
    Object scalar = SCALARS.get(raw);
    if (scalar != null) {
      samples.add(scalar);
    } else if (raw == String.class) {
      samples.add(path.substring(path.lastIndexOf('.') + 1));
    } else if (type.isEnumType()) {
      samples.addAll(Arrays.asList(raw.getEnumConstants()));
    } else if (type.isMapLikeType()) {
      samples.addAll(maps(type, path, within));
    } else if (holder) {
      samples.addAll(containers(type, path, within));
    } else if (raw.isRecord()) {
      samples.addAll(records(type, path, within, !given.isEmpty()));
    } else if (SealedRecords.isAlternative(raw)) {
      for (Class<?> alternative : SealedRecords.named(raw).values()) {
        samples.addAll(
            samples(
                mapper.getTypeFactory().constructSpecializedType(type, alternative), path, within));
      }
      return samples; // the user's are among them
    } else if (given.isEmpty()) {
      throw new AssertionError(
          "no sample can be made of %s (%s): add one with sample(…)"
              .formatted(type.toCanonical(), path));
    }
    given.stream().filter(sample -> !samples.contains(sample)).forEach(samples::add);
    return samples;
  }

  private List<Object> records(
      JavaType type, String path, Set<Class<?>> within, boolean mayBeRefused) {
    Class<?> raw = type.getRawClass();
    if (within.contains(raw)) {
      return List.of();
    }
    var inside = new HashSet<>(within);
    inside.add(raw);
    var choices = new ArrayList<List<Object>>();
    for (RecordComponent component : raw.getRecordComponents()) {
      JavaType declared =
          mapper.getTypeFactory().resolveMemberType(component.getGenericType(), type.getBindings());
      choices.add(samples(declared, path + "." + component.getName(), inside));
    }
    var records = new ArrayList<Object>();
    for (@Nullable Object[] values : variations(choices)) {
      construct(raw, path, values, mayBeRefused).ifPresent(records::add);
    }
    return records;
  }

  private static List<@Nullable Object[]> variations(List<List<Object>> choices) {
    @Nullable Object[] first =
        choices.stream().map(choice -> choice.isEmpty() ? null : choice.getFirst()).toArray();
    var variations = new ArrayList<@Nullable Object[]>();
    variations.add(first);
    for (int i = 0; i < choices.size(); i++) {
      for (Object other : choices.get(i).stream().skip(1).toList()) {
        @Nullable Object[] variation = first.clone();
        variation[i] = other;
        variations.add(variation);
      }
    }
    return variations;
  }

  private static Optional<Object> construct(
      Class<?> record, String path, @Nullable Object[] values, boolean mayBeRefused) {
    Class<?>[] types =
        Arrays.stream(record.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = record.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return Optional.of(constructor.newInstance(values));
    } catch (InvocationTargetException e) {
      if (mayBeRefused) {
        return Optional.empty();
      }
      throw new AssertionError(
          "%s (%s) refuses the generated values %s (%s): add samples that it accepts with sample(new %s(…))"
              .formatted(
                  record.getName(),
                  path,
                  Arrays.toString(values),
                  e.getCause(),
                  record.getSimpleName()),
          e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("%s cannot be made".formatted(record.getName()), e);
    }
  }

  private List<Object> containers(JavaType type, String path, Set<Class<?>> within) {
    boolean single = type.isReferenceType();
    var containers = new ArrayList<Object>();
    for (Object element : samples(type.getContentType(), path, within)) {
      containers.add(
          single
              ? as(type, type.getContentType(), element)
              : as(type, listOf(type.getContentType()), List.of(element)));
    }
    if (containers.isEmpty()) {
      containers.add(
          single ? Optional.empty() : as(type, listOf(type.getContentType()), List.of()));
    }
    return containers;
  }

  private List<Object> maps(JavaType type, String path, Set<Class<?>> within) {
    List<Object> keys = samples(type.getKeyType(), path, within);
    List<Object> values = samples(type.getContentType(), path, within);
    JavaType written =
        mapper
            .getTypeFactory()
            .constructMapType(Map.class, type.getKeyType(), type.getContentType());
    if (keys.isEmpty() || values.isEmpty()) {
      return List.of(as(type, written, Map.of()));
    }
    var maps = new ArrayList<Object>();
    keys.forEach(key -> maps.add(as(type, written, Map.of(key, values.getFirst()))));
    values.stream()
        .skip(1)
        .forEach(value -> maps.add(as(type, written, Map.of(keys.getFirst(), value))));
    return maps;
  }

  private JavaType listOf(JavaType element) {
    return mapper.getTypeFactory().constructCollectionType(List.class, element);
  }

  /** Lets Jackson choose the collection, as it does when events are read. */
  private Object as(JavaType type, JavaType written, Object value) {
    try {
      byte[] json = mapper.writerFor(written).writeValueAsBytes(value);
      return mapper.readerFor(type).readValue(json);
    } catch (JacksonException e) {
      throw new AssertionError(
          "no sample can be made of %s: %s".formatted(type.toCanonical(), e.getOriginalMessage()),
          e);
    }
  }
}
