package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Pins how events are stored, in a file that lies beside the tests: whoever changes a record so
 * that stored events would be written or read otherwise is told by a failing test. Tied to no test
 * framework: what does not hold throws {@link AssertionError}. Immutable.
 *
 * <pre>{@code
 * GoldenEvents.of(FINES.codec()).file(Path.of("src/test/golden/fines.json")).verify();
 * }</pre>
 *
 * <p>The file has samples of every type and version, generated from the records' components. With
 * the system property {@code refold.golden=update} new ones are added to it; what is in it is never
 * changed or removed, and must be readable for ever. Review and commit it like code.
 *
 * <p>The order of properties does not matter. Modules that take part in writing, and the codec's
 * choice to skip unreadable events, are left out of account.
 */
public final class GoldenEvents {
  /** The system property that, set to {@code update}, lets the file be written. */
  public static final String PROPERTY = "refold.golden";

  private static final StreamId STREAM = new StreamId("golden", "1");

  private final JsonEventCodec<?> codec;
  private final @Nullable Path file;
  private final List<Object> own;

  private GoldenEvents(JsonEventCodec<?> codec, @Nullable Path file, List<Object> own) {
    this.codec = codec;
    this.file = file;
    this.own = own;
  }

  /**
   * Starts a check of this codec's events.
   *
   * @throws IllegalArgumentException if the codec is none of {@link EventCodec#json} or {@link
   *     EventCodec#jsonBuilder}
   */
  public static GoldenEvents of(EventCodec<?> codec) {
    if (!(codec instanceof JsonEventCodec<?> json)) {
      throw new IllegalArgumentException(
          "%s is no codec of EventCodec.json or EventCodec.jsonBuilder"
              .formatted(codec.getClass().getName()));
    }
    return new GoldenEvents(json.plain(), null, List.of());
  }

  /** Names the file: in the test sources, where it is kept with the code. */
  public GoldenEvents file(Path path) {
    return new GoldenEvents(codec, path, own);
  }

  /**
   * Adds a value to the generated ones, wherever its type occurs: an event, or a part of one.
   * Needed where a constructor refuses generated values, or for types of which none can be made.
   */
  public GoldenEvents sample(Object value) {
    var more = new ArrayList<>(own);
    more.add(value);
    return new GoldenEvents(codec, file, List.copyOf(more));
  }

  /**
   * Checks that every event is stored as the file says, that every sample is read as it was
   * written, and that everything in the file can be read today.
   *
   * @throws AssertionError if not, if samples are missing in the file, or none can be made of a
   *     type
   * @throws IllegalStateException if no file was named
   */
  public void verify() {
    if (file == null) {
      throw new IllegalStateException("no file: name one with file(…)");
    }
    SortedMap<TypeVersion, List<ObjectNode>> today = generate();
    var golden = new GoldenFile(file);
    SortedMap<TypeVersion, List<ObjectNode>> stored = golden.read();
    var problems = new ArrayList<String>();
    stored.forEach((type, samples) -> {
      List<ObjectNode> current = today.get(type);
      for (ObjectNode sample : samples) {
        String problem =
            current == null ? unreadable(type, sample) : changed(type, sample, current);
        if (problem != null) {
          problems.add(problem);
        }
      }
    });
    if (!problems.isEmpty()) {
      throw new AssertionError("%s%n%s".formatted(file, String.join("%n".formatted(), problems)));
    }
    Set<String> missing = new TreeSet<>();
    today.forEach((type, samples) -> {
      List<ObjectNode> known = stored.computeIfAbsent(type, key -> new ArrayList<>());
      for (ObjectNode sample : samples) {
        if (!known.contains(sample)) {
          known.add(sample);
          missing.add(type.stored());
        }
      }
    });
    if (missing.isEmpty()) {
      return;
    }
    if (!"update".equals(System.getProperty(PROPERTY))) {
      throw new AssertionError(
          "%s lacks samples of %s; nothing that is in it has changed. Run this test with -D%s=update, which adds them, and commit the file"
              .formatted(file, missing, PROPERTY));
    }
    golden.write(stored);
  }

  private SortedMap<TypeVersion, List<ObjectNode>> generate() {
    var values = new SampleValues(codec.mapper(), own);
    var generated = new TreeMap<TypeVersion, List<ObjectNode>>();
    for (Class<?> event : codec.types().classes()) {
      TypeVersion type = codec.types().of(event);
      var samples = new ArrayList<ObjectNode>();
      for (Object value : values.of(event)) {
        ObjectNode sample = encode(value);
        requireReadable(type, value, sample);
        if (!samples.contains(sample)) {
          samples.add(sample);
        }
      }
      if (samples.isEmpty()) {
        throw new AssertionError("there is no sample of %s".formatted(event.getName()));
      }
      generated.put(type, samples);
    }
    if (!values.unused().isEmpty()) {
      throw new AssertionError("of no type that occurs in an event: " + values.unused());
    }
    return generated;
  }

  private void requireReadable(TypeVersion type, Object value, ObjectNode sample) {
    try {
      Object read = decode(type, sample).getFirst();
      ObjectNode again = encode(read);
      Optional<String> difference = SampleLikeness.difference(value, read);
      if (difference.isPresent() || !again.equals(sample)) {
        throw new AssertionError(
            "%s is not read as it was written: %s%n  written: %s%n  read:    %s%n  states in memory would differ from folded ones: choose types that keep their values"
                .formatted(
                    type,
                    difference.orElse("its JSON is another"),
                    GoldenFile.text(sample),
                    GoldenFile.text(again)));
      }
    } catch (UnreadableEventException e) {
      throw new AssertionError(
          "%s is written but cannot be read again: %s%n  written: %s"
              .formatted(type, e.reason(), GoldenFile.text(sample)),
          e);
    }
  }

  /** Returns what is wrong with a sample of an older version or name; null if nothing is. */
  private @Nullable String unreadable(TypeVersion type, ObjectNode sample) {
    try {
      decode(type, sample);
      return null;
    } catch (UnreadableEventException e) {
      return e.typeUnknown()
          ? "'%s' has vanished, but such events are stored: %s%n  say what it stands for today: renamed, an upcast, replaced or retired"
              .formatted(type, e.reason())
          : "'%s' can no longer be read: %s%n  stored: %s%n  mend its upcasts"
              .formatted(type, e.reason(), GoldenFile.text(sample));
    }
  }

  /** Returns how a sample of a present version would be stored otherwise; null if it would not. */
  private @Nullable String changed(TypeVersion type, ObjectNode sample, List<ObjectNode> current) {
    Set<String> added =
        codec.defaults().properties(type).stream()
            .filter(property -> !sample.has(property))
            .collect(Collectors.toSet());
    ObjectNode now;
    try {
      now = encode(decode(type, sample).getFirst());
    } catch (UnreadableEventException e) {
      return changed(type, sample, current.getFirst(), e.reason());
    }
    if (!now.without(added).equals(sample)) {
      return changed(type, sample, now, "it is written otherwise");
    }
    return current.stream()
            .map(other -> shape(other.deepCopy().without(added)))
            .anyMatch(shape(sample)::equals)
        ? null
        : changed(type, sample, current.getFirst(), "its properties are others");
  }

  private static String changed(
      TypeVersion type, ObjectNode sample, ObjectNode now, String reason) {
    return "the stored form of '%s' has changed: %s%n  old: %s%n  new: %s%n  give it version %d and an upcast from %d, or undo the change"
        .formatted(
            type,
            reason,
            GoldenFile.text(sample),
            GoldenFile.text(now),
            type.version() + 1,
            type.version());
  }

  /** Describes properties and kinds of values, without the values. */
  private static String shape(JsonNode node) {
    if (node.isObject()) {
      var shapes = new TreeMap<String, String>();
      node.forEachEntry((property, value) -> shapes.put(property, shape(value)));
      return shapes.toString();
    }
    if (node.isArray()) {
      return node.valueStream().map(GoldenEvents::shape).collect(Collectors.toSet()).toString();
    }
    return node.getNodeType().name();
  }

  private List<?> decode(TypeVersion type, ObjectNode sample) {
    byte[] data = GoldenFile.text(sample).getBytes(StandardCharsets.UTF_8);
    return codec.decode(
        new StoredEvent(
            STREAM,
            1,
            new Position(0, 1, 1),
            "golden",
            Metadata.empty(),
            new EncodedEvent(type.stored(), data)));
  }

  private ObjectNode encode(Object event) {
    @SuppressWarnings("unchecked") // generated from the codec's own classes, or read by it
    var writer = (JsonEventCodec<Object>) Objects.requireNonNull(codec);
    return GoldenFile.parse(writer.encode(STREAM, event));
  }
}
