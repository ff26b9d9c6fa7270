package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
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
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenSamplesTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // set before each test
  Path directory;

  enum Size {
    SMALL,
    LARGE
  }

  record Removed(String reason) {}

  record Money(long cents, String currency) {
    Money {
      if (currency.length() != 3) {
        throw new IllegalArgumentException("currency '" + currency + "'");
      }
    }
  }

  record Bought(Money price, Number number) {}

  @Test
  void refusedValuesAreReplacedByTheUsersSamples() throws IOException {
    Path file = directory.resolve("events.json");
    var golden = GoldenEvents.of(EventCodec.json(Bought.class)).file(file);

    assertThatThrownBy(golden::verify)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(Money.class.getName() + " (Bought.price) refuses")
        .hasMessageContaining("currency 'currency'")
        .hasMessageContaining("sample(new Money(…))");
    var priced = golden.sample(new Money(1, "EUR")).sample(new Money(2, "CHF"));
    assertThatThrownBy(priced::verify)
        .hasMessageContaining("no sample can be made of java.lang.Number (Bought.number)");
    var complete = priced.sample(7);
    update(complete);
    assertThat(Files.readString(file))
        .contains("{\"price\":{\"cents\":1,\"currency\":\"EUR\"},\"number\":7}")
        .contains("{\"price\":{\"cents\":2,\"currency\":\"CHF\"},\"number\":7}");
    complete.verify();
  }

  record Node(String name, Node next, List<Node> children) {}

  @Test
  void recordsWithinThemselvesEnd() throws IOException {
    Path file = directory.resolve("events.json");

    update(GoldenEvents.of(EventCodec.json(Node.class)).file(file));

    assertThat(Files.readString(file)).contains("\n    {\"name\":\"name\",\"children\":[]}\n");
  }

  record Lossy(@JsonProperty(access = JsonProperty.Access.READ_ONLY) @Nullable String text) {}

  @Test
  void whatIsWrittenButNotReadAgainIsRefused() {
    Path file = directory.resolve("events.json");

    assertThatThrownBy(() -> update(GoldenEvents.of(EventCodec.json(Lossy.class)).file(file)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("lossy is not read as it was written")
        .hasMessageContaining("written: {\"text\":\"text\"}")
        .hasMessageContaining("read:    {}");
  }

  @Test
  void samplesThatMeanNothingAndDamagedFilesAreRefused() throws IOException {
    Path file = directory.resolve("events.json");
    var golden = GoldenEvents.of(EventCodec.json(Removed.class)).file(file);

    assertThatThrownBy(() -> golden.sample(Size.SMALL).verify())
        .hasMessageContaining("of no type that occurs in an event: [SMALL]");
    for (String damaged :
        List.of("", "[]", "{\"removed\":[1]}", "{\"$x\":[]}", "{\"removed\":[],\"removed\":[]}")) {
      Files.writeString(file, damaged);
      assertThatThrownBy(golden::verify, damaged)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("is damaged");
    }
    assertThatThrownBy(() -> GoldenEvents.of(EventCodec.json(Removed.class)).verify())
        .isInstanceOf(IllegalStateException.class);
  }

  sealed interface Outcome<T> {}

  record Good<T>(T value) implements Outcome<T> {}

  record Bad<T>(List<T> causes) implements Outcome<T> {}

  record Done(Outcome<Size> outcome, TreeMap<Integer, SortedSet<String>> sorted) {}

  @Test
  void typeArgumentsReachAlternativesAndCollections() throws IOException {
    Path file = directory.resolve("events.json");

    update(GoldenEvents.of(EventCodec.json(Done.class)).file(file));

    assertThat(Files.readString(file).lines().filter(line -> line.contains("outcome")))
        .map(line -> line.replace('"', '\'').strip())
        .containsExactly(
            "{'outcome':{'$type':'good','value':'SMALL'},'sorted':{'1':['sorted']}},",
            "{'outcome':{'$type':'good','value':'LARGE'},'sorted':{'1':['sorted']}},",
            "{'outcome':{'$type':'bad','causes':['SMALL']},'sorted':{'1':['sorted']}},",
            "{'outcome':{'$type':'bad','causes':['LARGE']},'sorted':{'1':['sorted']}}");
  }

  record Everything(
      boolean a,
      byte b,
      short c,
      char d,
      int e,
      long f,
      float g,
      double h,
      BigInteger i,
      BigDecimal j,
      UUID k,
      URI l,
      Locale m,
      Currency n,
      OptionalInt o,
      OptionalLong p,
      OptionalDouble q,
      Instant r,
      LocalDate s,
      LocalTime t,
      LocalDateTime u,
      OffsetDateTime v,
      OffsetTime w,
      ZonedDateTime x,
      Duration y,
      Period z,
      Year aa,
      YearMonth bb,
      MonthDay cc,
      ZoneId dd,
      ZoneOffset ee,
      Optional<Integer> ff,
      Map<String, Set<Long>> gg) {}

  @Test
  void everyScalarHasASampleThatIsReadAsItWasWritten() throws IOException {
    Path file = directory.resolve("events.json");

    update(GoldenEvents.of(EventCodec.json(Everything.class)).file(file));

    assertThat(Files.readString(file).replace('"', '\''))
        .contains(
            "'a':true,'b':1,'c':1,'d':'a','e':1,'f':5000000000,'g':1.5,'h':1.5,'i':12345678901234567890,'j':12.50,")
        .contains(
            "'v':'2020-01-02T03:04:05+01:00','w':'03:04:05+01:00','x':'2020-01-02T03:04:05+01:00[Europe/Berlin]','y':'PT1M30S','z':'P1Y2M3D',");
  }

  record Counted(Number number, Optional<Size> size) {}

  record Hidden(String shown, @JsonIgnore @Nullable String hidden) {}

  record Nested(Hidden part) {}

  @Test
  void aSampleThatIsNotReadAsItWasWrittenIsNamedWithItsComponent() {
    var file = directory.resolve("events.json");
    var counted = GoldenEvents.of(EventCodec.json(Counted.class)).file(file);

    update(counted.sample(7));
    assertThatThrownBy(() -> update(counted.sample(7).sample(8L)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("counted is not read as it was written")
        .hasMessageContaining(
            "component 'number' was 8 (java.lang.Long) and is 8 (java.lang.Integer) afterwards")
        .hasMessageContaining("written: {\"number\":8,\"size\":\"SMALL\"}")
        .hasMessageContaining("states in memory would differ from folded ones");
    assertThatThrownBy(() -> update(GoldenEvents.of(EventCodec.json(Nested.class)).file(file)))
        .hasMessageContaining("component 'part' was Hidden[shown=shown, hidden=hidden] (");
  }

  @SuppressWarnings("ArrayRecordComponent") // what is to be tested
  record Scan(byte[] image, List<int[]> pages, Map<String, Part> parts, Optional<long[]> crc) {}

  @SuppressWarnings("ArrayRecordComponent") // what is to be tested
  record Part(double[] values, Set<Size> sizes, @Nullable Part next) {}

  @Test
  void arraysAreLikeEachOtherIfTheirElementsAre() {
    var part = new Part(new double[] {1.5, 2.5}, Set.of(Size.LARGE), null);
    var scan =
        new Scan(
            new byte[] {1}, List.of(new int[] {1}), Map.of("a", part), Optional.of(new long[1]));

    update(
        GoldenEvents.of(EventCodec.json(Scan.class))
            .file(directory.resolve("events.json"))
            .sample(part)
            .sample(scan));
  }

  private static void update(GoldenEvents golden) {
    System.setProperty(GoldenEvents.PROPERTY, "update");
    try {
      golden.verify();
    } finally {
      System.clearProperty(GoldenEvents.PROPERTY);
    }
  }
}
