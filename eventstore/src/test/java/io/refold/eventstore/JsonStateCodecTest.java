package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonStateCodecTest {
  enum Colour {
    RED,
    GREEN {
      @Override
      public String toString() {
        return "overridden";
      }
    }
  }

  sealed interface State {}

  record Empty() implements State {}

  record Full(
      @Nullable String nothing,
      Map<Colour, List<Line>> byColour,
      Map<UUID, Integer> byId,
      Map<LocalDate, Set<String>> byDay,
      SortedMap<Long, BigDecimal> byNumber,
      EnumMap<Colour, Boolean> flags,
      Optional<State> before,
      Optional<String> empty,
      OptionalInt count,
      ZonedDateTime at,
      Pair<Line, Colour> pair)
      implements State {}

  record Line(String text, List<Line> lines) {}

  record Pair<F, S>(F first, S second) {}

  @Test
  void statesComeBackAsTheyWere() {
    StateCodec<State> codec = StateCodec.json(State.class);
    var line = new Line("a", List.of(new Line("b", List.of())));
    var flags = new EnumMap<Colour, Boolean>(Map.of(Colour.GREEN, true));
    var full =
        new Full(
            null,
            Map.of(Colour.GREEN, List.of(line)),
            Map.of(UUID.fromString("00000000-0000-4000-8000-000000000001"), 1),
            Map.of(LocalDate.EPOCH, Set.of("x")),
            new TreeMap<>(Map.of(1L, new BigDecimal("1.10"), 10L, BigDecimal.ONE)),
            flags,
            Optional.of(new Empty()),
            Optional.empty(),
            OptionalInt.empty(),
            ZonedDateTime.of(LocalDateTime.of(2020, 1, 1, 1, 1), ZoneId.of("Europe/Berlin")),
            new Pair<>(line, Colour.RED));

    assertThat(codec.decode(codec.encode(full))).isEqualTo(full);
    assertThat(codec.decode(codec.encode(new Empty()))).isEqualTo(new Empty());
    assertThat(new String(codec.encode(new Empty()), StandardCharsets.UTF_8))
        .isEqualTo("{\"$type\":\"empty\"}");
    assertThat(
            StateCodec.json(DayOfWeek.class).decode("\"MONDAY\"".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(DayOfWeek.MONDAY);
  }

  record Moment(ZonedDateTime at, ZoneId zone) {}

  @Test
  void timesKeepTheirZoneAsItWasNamed() {
    StateCodec<Moment> codec = StateCodec.json(Moment.class);
    for (String zone : List.of("UTC", "Z", "Europe/Berlin", "+02:00")) {
      var moment =
          new Moment(LocalDateTime.MIN.withYear(2020).atZone(ZoneId.of(zone)), ZoneId.of(zone));
      assertThat(codec.decode(codec.encode(moment)).toString()).isEqualTo(moment.toString());
    }
  }

  record Keys(
      Map<String, Integer> a,
      Map<Instant, Integer> b,
      Map<LocalDateTime, Integer> c,
      Map<LocalTime, Integer> d,
      Map<OffsetDateTime, Integer> e,
      Map<ZonedDateTime, Integer> f,
      Map<Duration, Integer> g,
      Map<Period, Integer> h,
      Map<Year, Integer> i,
      Map<YearMonth, Integer> j,
      Map<MonthDay, Integer> k,
      Map<ZoneId, Integer> l,
      Map<ZoneOffset, Integer> m,
      Map<Character, Integer> n,
      Map<Boolean, Integer> o,
      Map<BigDecimal, Integer> p,
      Map<Double, Integer> q,
      Map<OffsetTime, Integer> r,
      Map<Colour, Integer> s,
      Map<DayOfWeek, Integer> t) {}

  @Test
  void everyKindOfKeyThatIsAcceptedComesBack() {
    StateCodec<Keys> codec = StateCodec.json(Keys.class);
    var local = LocalDateTime.of(2020, 1, 2, 3, 4, 5, 6);
    var keys =
        new Keys(
            Map.of("", 1),
            Map.of(Instant.ofEpochSecond(1, 1), 1),
            Map.of(local, 1),
            Map.of(local.toLocalTime(), 1),
            Map.of(local.atOffset(ZoneOffset.ofHours(3)), 1),
            Map.of(local.atZone(ZoneId.of("Europe/Berlin")), 1),
            Map.of(Duration.ofNanos(1), 1),
            Map.of(Period.of(1, 2, 3), 1),
            Map.of(Year.of(2020), 1),
            Map.of(YearMonth.of(2020, 1), 1),
            Map.of(MonthDay.of(1, 2), 1),
            Map.of(ZoneId.of("Europe/Berlin"), 1),
            Map.of(ZoneOffset.ofHours(3), 1),
            Map.of('x', 1),
            Map.of(true, 1),
            Map.of(new BigDecimal("1.10"), 1),
            Map.of(0.1, 1),
            Map.of(OffsetTime.parse("10:00+03:00"), 1),
            Map.of(Colour.GREEN, 1),
            Map.of(DayOfWeek.MONDAY, 1));

    assertThat(codec.decode(codec.encode(keys))).isEqualTo(keys);
  }

  @Test
  void whatIsNoStateIsRefusedWithAReason() {
    StateCodec<State> codec = StateCodec.json(State.class);
    for (String broken :
        List.of("", "null", "{", "[]", "{}", "{\"$type\":\"other\"}", "{\"$type\":\"empty\"} x")) {
      assertThatThrownBy(() -> codec.decode(broken.getBytes(StandardCharsets.UTF_8)), broken)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("this is no state of " + State.class.getName() + ": ");
    }
    assertThatThrownBy(
            () -> StateCodec.json(Count.class).decode("{}".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("Missing required creator property 'count'");
  }

  record Count(int count) {}

  sealed interface Result<T> {}

  record Some<T>(T value) implements Result<T> {}

  record None<T>() implements Result<T> {}

  record Results(List<Result<LocalDate>> list) {}

  @Test
  void typeArgumentsReachTheAlternatives() {
    StateCodec<Results> codec = StateCodec.json(Results.class);
    var results = new Results(List.of(new Some<>(LocalDate.EPOCH), new None<>()));

    assertThat(codec.decode(codec.encode(results))).isEqualTo(results);
  }

  interface Open {}

  record HasObject(List<Object> anything) {}

  record HasOpen(Pair<String, Open> pair) {}

  record HasKey(Map<Line, String> byLine) {}

  record HasThread(Thread thread) {}

  static final class Plain {
    private final int number;

    Plain(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  record HasPlain(Plain plain) {}

  @Test
  void statesThatCouldNotBeReadBackAreRefusedWhenTheCodecIsMade() {
    refused(HasObject.class, "HasObject.anything is of type java.lang.Object");
    refused(HasOpen.class, "HasOpen.pair.second is of type " + Open.class.getName());
    refused(HasThread.class, "HasThread.thread is of type java.lang.Thread");
    refused(HasPlain.class, "HasPlain.plain is of type " + Plain.class.getName());
    refused(HasKey.class, "HasKey.byLine is a map whose keys are " + Line.class.getName());
    refused(Open.class, "Open is of type");
  }

  private static void refused(Class<?> type, String reason) {
    assertThatThrownBy(() -> StateCodec.json(type))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  static final class A {
    enum Kind {
      ONE,
      TWO
    }

    sealed interface Part {}

    record Left(Kind kind) implements Part {}

    record State(List<Part> parts, Map<String, Integer> counts) {}
  }

  @Test
  void theFingerprintIsTheSameInEveryProcess() {
    assertThat(StateCodec.json(A.State.class).fingerprint())
        .isEqualTo(StateCodec.json(A.State.class).fingerprint())
        .isEqualTo("572a6d2a155e85cf56be3dfd040c0609");
  }

  @Test
  void theFingerprintCoversEveryPartOfTheShape() {
    String mapper = describe(A.State.class);

    assertThat(mapper.replace(A.class.getName(), "A"))
        .isEqualTo(
            """
            A$State
            A$Kind ["ONE", "TWO"]
            A$Left {kind: A$Kind}
            A$Part left: A$Left
            A$State {counts: java.util.Map<java.lang.String,java.lang.Integer>, parts: java.util.List<A$Part>}
            """);
  }

  @Test
  void theVersionChangesTheFingerprint() {
    JsonStateCodec<Count> codec = StateCodec.json(Count.class);

    assertThat(codec.version(1).fingerprint()).isEqualTo(codec.fingerprint());
    assertThat(codec.version(2).fingerprint()).isNotEqualTo(codec.fingerprint());
    assertThat(codec.version(2).decode(codec.encode(new Count(1)))).isEqualTo(new Count(1));
    assertThatThrownBy(() -> codec.version(0)).hasMessageContaining("versions count from 1");
  }

  private static String describe(Class<?> type) {
    var mapper = JsonMappers.states(List.of());
    return JsonShape.describe(mapper, mapper.constructType(type));
  }
}
