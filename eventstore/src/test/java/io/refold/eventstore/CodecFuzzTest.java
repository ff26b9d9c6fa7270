package io.refold.eventstore;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.refold.eventstore.PersonalEvents.Registered;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whatever is stored is read, or refused as an event that cannot be read; nothing else happens. */
class CodecFuzzTest {
  private static final AtomicBoolean CANARY = new AtomicBoolean();
  private static final Category<Event> EVENTS =
      Category.of(
          "hostile",
          EventCodec.jsonBuilder(Event.class)
              .defaultValue(Defaulted.class, "big", BigInteger.ONE)
              .build());
  private static final Map<String, String> SAMPLES =
      Map.of(
          "numbers", "{\"big\":1,\"decimal\":1.5,\"real\":2.5,\"whole\":3,\"small\":4,\"boxed\":5}",
          "defaulted", "{\"decimal\":1.5}",
          "texts", "{\"text\":\"a\",\"list\":[\"b\"],\"map\":{\"c\":\"d\"}}",
          "nested", "{\"tree\":{\"children\":[{\"children\":[]}]}}",
          "reached",
              "{\"by\":{\"$type\":\"mail\",\"address\":\"a\"},\"all\":[{\"$type\":\"phone\",\"number\":\"1\"}]}",
          "timed",
              "{\"at\":\"2026-01-01T00:00:00Z\",\"on\":\"2026-01-01\",\"zoned\":\"2026-01-01T00:00:00+01:00[Europe/Berlin]\",\"kind\":\"ONE\"}");
  private static final List<String> FRAGMENTS =
      List.of(
          "[".repeat(100_000),
          "{\"a\":".repeat(50_000),
          "{\"children\":[".repeat(20_000),
          "9".repeat(1_001),
          "-" + "9".repeat(50_000),
          "0." + "1".repeat(5_000),
          "1e2147483647",
          "1e-2147483648",
          "1e999999999999",
          "1E100001",
          "NaN",
          "\"NaN\"",
          "Infinity",
          "1.",
          "01",
          "0x1F",
          "\"\\ud800\"",
          "\"\\u0000\"",
          "\"\ud83d\"",
          "\u0000",
          "\u00ff\u00fe",
          "\u00c0\u0080",
          "\u00ef\u00bb\u00bf",
          "\"@class\":\"" + Canary.class.getName() + "\",",
          "\"@type\":\"" + Canary.class.getName() + "\",",
          "[\"" + Canary.class.getName() + "\",{}]",
          "\"$type\":\"" + Canary.class.getName() + "\",",
          "\"$type\":\"mail\",\"$type\":\"phone\",",
          "\"$type\":null,",
          "\"$type\":{},",
          "\"$type\":[],",
          "\"text\":1,\"text\":\"2\",",
          "\"big\":null,",
          "\"whole\":null,",
          "\"real\":1e400,",
          "\"whole\":9223372036854775808,",
          "\"small\":\"7\",",
          "\"small\":1.5,",
          "\"small\":true,",
          "\"zoned\":\"2026-01-01T00:00:00Z[Nowhere/Land]\",",
          "\"kind\":\"THREE\",",
          "\"kind\":0,",
          "\"kind\":99,",
          "\"at\":1e30,",
          "\"at\":99999999999999999999,",
          "\"on\":[2026,13,45],",
          "\"on\":1e9,",
          "\"at\":[],",
          "null",
          "true",
          "{}",
          "[]",
          "\"\"",
          "/*",
          "//",
          "#",
          ",",
          ":",
          "}",
          "]",
          "\"",
          "\\",
          "\\u12",
          "\n");

  @SuppressWarnings("unused") // named in stored bytes only
  static final class Canary {
    static {
      CANARY.set(true);
    }
  }

  enum Kind {
    ONE,
    TWO
  }

  sealed interface Event {}

  record Numbers(
      @Nullable BigInteger big,
      @Nullable BigDecimal decimal,
      double real,
      long whole,
      int small,
      @Nullable Long boxed)
      implements Event {}

  record Defaulted(BigInteger big, @Nullable BigDecimal decimal) implements Event {}

  record Texts(
      @Nullable String text, @Nullable List<String> list, @Nullable Map<String, String> map)
      implements Event {}

  record Tree(@Nullable List<Tree> children) {}

  record Nested(@Nullable Tree tree) implements Event {}

  sealed interface Contact {}

  record Mail(@Nullable String address) implements Contact {}

  record Phone(@Nullable BigInteger number) implements Contact {}

  record Reached(@Nullable Contact by, @Nullable List<Contact> all) implements Event {}

  record Timed(
      @Nullable Instant at,
      @Nullable LocalDate on,
      @Nullable ZonedDateTime zoned,
      @Nullable Kind kind)
      implements Event {}

  @Test
  void bytesThatWereChangedAreReadOrRefusedByName() throws Exception {
    Fuzz.run(
        0.08,
        fuzz -> {
          Map.Entry<String, String> sample = fuzz.pick(List.copyOf(SAMPLES.entrySet()));
          byte[] json = damaged(fuzz, sample.getValue());
          String type = fuzz.oneIn(10) ? typeName(fuzz) : sample.getKey();
          readOrRefused(stored(type, json));
          assertThat(CANARY).isFalse();
        });
  }

  @Test
  void whatIsWrittenIsReadBackAsItWasOrNotWritten() throws Exception {
    Fuzz.run(
        0.05,
        fuzz -> {
          Event event = event(fuzz);
          EncodedEvent encoded;
          try {
            encoded = EVENTS.codec().encode(EVENTS.stream("s"), event);
          } catch (EventNotStorableException refused) {
            return;
          }
          assertThat(EVENTS.read(stored(encoded.type(), encoded.data())))
              .extracting(Recorded::event)
              .containsExactly(event);
        });
  }

  @Test
  void namesAreTakenAndGivenBackOrRefused() throws Exception {
    Fuzz.run(
        0.02,
        fuzz -> {
          String text = name(fuzz);
          takenOrRefused(() -> {
            var stream = new StreamId(fuzz.oneIn(2) ? "c" : text, fuzz.oneIn(2) ? "i" : text);
            assertThat(StreamId.parse(stream.toString())).isEqualTo(stream);
            assertThat(stream.partition(7)).isBetween(0, 6);
          });
          takenOrRefused(() -> assertThat(StreamId.parse(text).toString()).isEqualTo(text));
          takenOrRefused(() -> assertThat(Position.parse(text).partition()).isNotNegative());
          takenOrRefused(() -> assertThat(Position.ofLogId(0, text).sequence()).isNotNegative());
          takenOrRefused(() -> assertThat(Names.commandId(text)).isEqualTo(text));
          takenOrRefused(() -> assertThat(Metadata.of(text, name(fuzz)).entries()).hasSize(1));
          TypeVersion.parse(text).ifPresent(type -> assertThat(type.stored()).isEqualTo(text));
        });
  }

  @Test
  void ciphertextsThatWereChangedAreRefused() throws Exception {
    var keys = new InMemorySubjectKeys();
    EventCodec<PersonalEvents.Event> codec = PersonalEvents.codec(PersonalEvents.Event.class, keys);
    Category<PersonalEvents.Event> people = Category.of("person", codec);
    EncodedEvent alice = codec.encode(PersonalEvents.STREAM, PersonalEvents.ALICE);
    Fuzz.run(
        0.05,
        fuzz -> {
          byte[] bytes = alice.data().clone();
          for (int i = 1 + fuzz.upTo(3); i > 0; i--) {
            bytes[fuzz.upTo(bytes.length)] ^= (byte) (1 << fuzz.upTo(8));
          }
          var damaged =
              PersonalEvents.stored(PersonalEvents.STREAM, new EncodedEvent(alice.type(), bytes));
          List<Recorded<PersonalEvents.Event>> read;
          try {
            read = people.read(damaged);
          } catch (EventStoreException refused) {
            assertThat(refused).isNotInstanceOf(CommandException.class);
            return;
          }
          var registered = (Registered) read.getFirst().event();
          assertThat(registered.age()).isIn(47, 0);
          assertThat(registered.name()).isIn(PersonalEvents.ALICE.name(), null);
          assertThat(registered.mail()).isIn(PersonalEvents.ALICE.mail(), null);
        });
  }

  @Test
  void statesOfSnapshotsAreReadOrRefused() throws Exception {
    StateCodec<Numbers> states = StateCodec.json(Numbers.class);
    Fuzz.run(
        0.02,
        fuzz -> {
          byte[] state = damaged(fuzz, SAMPLES.getOrDefault("numbers", ""));
          takenOrRefused(() -> assertThat(states.decode(state)).isNotNull());
          assertThat(RecentCommands.of(ByteBuffer.wrap(state)).and("c", 1).mayContain("c"))
              .isTrue();
        });
  }

  private static void takenOrRefused(Runnable call) {
    try {
      call.run();
    } catch (IllegalArgumentException refused) {
      assertThat(refused).hasMessageMatching("(?s).+").isNotInstanceOf(NumberFormatException.class);
    }
  }

  private static void readOrRefused(StoredEvent stored) {
    try {
      for (Recorded<Event> read : EVENTS.read(stored)) {
        assertThat(read.event()).isNotNull();
      }
    } catch (UnreadableEventException refused) {
      assertThat(refused).hasMessageStartingWith("event 1 of hostile:s (type '");
    } catch (StackOverflowError e) {
      fail("nesting overflows the stack", e);
    }
  }

  private static StoredEvent stored(String type, byte[] json) {
    return new StoredEvent(
        EVENTS.stream("s"),
        1,
        new Position(0, 1, 1),
        "c",
        Metadata.empty(),
        new EncodedEvent(type, json));
  }

  /** Changes a text's bytes. */
  private static byte[] damaged(Fuzz fuzz, String json) {
    byte[] bytes = json.getBytes(UTF_8);
    for (int i = 1 + fuzz.upTo(3); i > 0 && bytes.length > 0; i--) {
      int at = fuzz.upTo(bytes.length);
      switch (fuzz.upTo(7)) {
        case 0 -> bytes[at] ^= (byte) (1 << fuzz.upTo(8));
        case 1 -> bytes = Arrays.copyOf(bytes, at);
        case 2 -> bytes = spliced(bytes, at, at, fuzz.hostile().getBytes(ISO_8859_1));
        case 3 -> bytes = spliced(bytes, at, at + fuzz.upTo(bytes.length - at), new byte[0]);
        default -> bytes = withFragment(fuzz, bytes);
      }
    }
    return bytes;
  }

  /** Puts a fragment behind a brace or colon, where it may have a meaning. */
  private static byte[] withFragment(Fuzz fuzz, byte[] bytes) {
    byte[] fragment = fuzz.pick(FRAGMENTS).getBytes(fuzz.oneIn(2) ? UTF_8 : ISO_8859_1);
    int at = fuzz.upTo(bytes.length);
    while (at < bytes.length - 1 && bytes[at] != '{' && bytes[at] != ':' && bytes[at] != '[') {
      at++;
    }
    int end = at + 1;
    while (bytes[at] == ':' && end < bytes.length && ",}]".indexOf(bytes[end]) < 0) {
      end++;
    }
    return spliced(bytes, Math.min(at + 1, bytes.length), Math.min(end, bytes.length), fragment);
  }

  private static byte[] spliced(byte[] bytes, int from, int to, byte[] with) {
    var out = new ByteArrayOutputStream();
    out.write(bytes, 0, from);
    out.writeBytes(with);
    out.write(bytes, to, bytes.length - to);
    return out.toByteArray();
  }

  private static Event event(Fuzz fuzz) {
    return switch (fuzz.upTo(6)) {
      case 0 ->
          new Numbers(
              big(fuzz),
              decimal(fuzz),
              Double.longBitsToDouble(fuzz.number()),
              fuzz.number(),
              (int) fuzz.number(),
              null);
      case 1 -> new Defaulted(big(fuzz), decimal(fuzz));
      case 2 ->
          new Texts(name(fuzz), List.of(name(fuzz), name(fuzz)), Map.of(name(fuzz), name(fuzz)));
      case 3 -> new Nested(tree(fuzz.oneIn(3) ? 2_000 : fuzz.upTo(300)));
      case 4 ->
          new Reached(new Phone(big(fuzz)), List.of(new Mail(name(fuzz)), new Phone(big(fuzz))));
      default ->
          new Timed(
              Instant.ofEpochSecond(fuzz.number() >> 29, fuzz.upTo(1_000_000_000)),
              LocalDate.ofEpochDay(fuzz.number() >> 26),
              null,
              fuzz.pick(List.of(Kind.values())));
    };
  }

  private static Tree tree(int depth) {
    var tree = new Tree(List.of());
    for (int i = 0; i < depth; i++) {
      tree = new Tree(List.of(tree));
    }
    return tree;
  }

  private static BigInteger big(Fuzz fuzz) {
    int digits = fuzz.pick(List.of(1, 20, 999, 1_000, 1_001, 5_000, 30_000));
    return new BigInteger((fuzz.oneIn(2) ? "-" : "") + "7".repeat(digits));
  }

  private static BigDecimal decimal(Fuzz fuzz) {
    int scale =
        fuzz.pick(
            List.of(
                0,
                1,
                -1,
                999,
                5_000,
                99_999,
                100_001,
                -100_001,
                2_000_000_000,
                Integer.MIN_VALUE,
                Integer.MAX_VALUE));
    return new BigDecimal(big(fuzz), scale);
  }

  /** Other names never come out of a store: an event does not take them. */
  private static String typeName(Fuzz fuzz) {
    String name = fuzz.hostile();
    return name.isEmpty() || name.length() > 128 ? "texts@2" : name;
  }

  private static String name(Fuzz fuzz) {
    return switch (fuzz.upTo(8)) {
      case 0 -> "\ud83d";
      case 1 -> "\udc00a";
      case 2 -> "\ud83d\ude00";
      case 3 -> "a".repeat(fuzz.pick(List.of(64, 65, 128, 129, 256, 257, 1_025, 60_000)));
      case 4 -> fuzz.hostile() + ":" + fuzz.hostile();
      default -> fuzz.hostile();
    };
  }
}
