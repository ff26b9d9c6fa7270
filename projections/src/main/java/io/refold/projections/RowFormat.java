package io.refold.projections;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamMark;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Views;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
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

/** A projection, checked once, with how its rows are written, read, indexed and spread. */
final class RowFormat<V> implements Subscriber {
  private static final int MAX_KEY = 512;
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .changeDefaultPropertyInclusion(
              value -> value.withValueInclusion(JsonInclude.Include.NON_NULL))
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

  private final String name;
  private final int version;
  private final List<Source<V>> sources;
  private final List<Index<V>> indexes;
  private final Set<String> categories;
  private final @Nullable String only;
  private final ObjectReader reader;
  private final ObjectWriter writer;

  /**
   * Checks a projection.
   *
   * @throws IllegalArgumentException if its name, version, sources or indexes are not allowed
   */
  RowFormat(Projection<V> projection) {
    only = null;
    name = projection.name();
    Generation.checkName("projection", name);
    version = projection.version();
    sources = List.copyOf(projection.sources());
    indexes = List.copyOf(projection.indexes());
    categories = sources.stream().map(Source::category).collect(Collectors.toUnmodifiableSet());
    if (version < 1 || sources.isEmpty()) {
      throw new IllegalArgumentException(
          "projection '%s' needs a version from 1, not %d, and a source (it has %d)"
              .formatted(name, version, sources.size()));
    }
    var names = new HashSet<String>();
    for (Index<V> index : indexes) {
      if (!names.add(index.name())) {
        throw new IllegalArgumentException(
            "projection '%s' has two indexes '%s'".formatted(name, index.name()));
      }
    }
    reader = MAPPER.readerFor(projection.rowType());
    writer = MAPPER.writerFor(projection.rowType());
  }

  private RowFormat(RowFormat<V> whole, String only) {
    this.only = only;
    name = whole.name;
    version = whole.version;
    sources = whole.sources;
    indexes = whole.indexes;
    categories = whole.categories;
    reader = whole.reader;
    writer = whole.writer;
  }

  /** Returns the same for one row: events change that one, and no other. */
  RowFormat<V> only(String key) {
    return new RowFormat<>(this, key);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int version() {
    return version;
  }

  List<Source<V>> sources() {
    return sources;
  }

  @Override
  public Set<String> categories() {
    return categories;
  }

  /** Whether rows may get events of several partitions. */
  boolean shared() {
    return !sources.stream().allMatch(Source::byStream);
  }

  /** Returns the categories whose events change the row of their stream's id. */
  Set<String> byStream() {
    return sources.stream()
        .filter(Source::byStream)
        .map(Source::category)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Decodes an event and names the rows that it changes, in order; a mark changes none here. */
  List<Source.Touch<V>> touches(StoredEvent stored, StreamStates states, Parking parking) {
    var touches = new ArrayList<Source.Touch<V>>(1);
    for (Source<V> source : sources) {
      if (source.category().equals(stored.stream().category())) {
        touches.addAll(source.touches(stored, states, parking));
      }
    }
    if (only != null) {
      touches.removeIf(touch -> !touch.key().equals(only));
    }
    return touches;
  }

  /** Folds an event into the row of its stream's id, where that is the only row it changes. */
  @Nullable V fold(@Nullable V row, StoredEvent stored, StreamStates states, Parking parking) {
    @Nullable V after = row;
    for (Source.Touch<V> touch : touches(stored, states, parking)) {
      after = touch.apply(after);
    }
    return after;
  }

  /** What a mark does to rows. */
  enum MarkEffect {
    /** Nothing. */
    NONE,
    /** The row of the stream's id is folded afresh from what can be read now. */
    FOLD_AFRESH,
    /** Rows keep what they have, which is not what a rebuild would give. */
    OUTDATE
  }

  /**
   * Returns what a mark in a stream of this category does.
   *
   * <p>A row that is shared cannot be folded from the streams of one id. A row goes with its stream
   * all the same, if no other stream has a part in it by its id.
   */
  MarkEffect effect(String category, StreamMark mark) {
    return switch (mark) {
      case StreamMark.Closed closed -> MarkEffect.NONE;
      case StreamMark.Cancelled cancelled -> MarkEffect.NONE;
      case StreamMark.Forgotten forgotten -> shared() ? MarkEffect.OUTDATE : MarkEffect.FOLD_AFRESH;
      case StreamMark.Deleted deleted -> {
        Set<String> own = byStream();
        if (!own.contains(category)) {
          yield MarkEffect.NONE;
        }
        yield shared() && own.size() > 1 ? MarkEffect.OUTDATE : MarkEffect.FOLD_AFRESH;
      }
    };
  }

  @Override
  public Generations.Shape shape(int shards) {
    return new Generations.Shape(version, shards, indexes.stream().map(Index::name).toList());
  }

  @Override
  public Heads heads(ProjectionStore store) {
    return store.views();
  }

  @Override
  public Target target(ProjectionStore store, Generations.Layout layout) {
    return new RowTarget<>(store, this, layout);
  }

  Index<V> index(String index) {
    for (Index<V> candidate : indexes) {
      if (candidate.name().equals(index)) {
        return candidate;
      }
    }
    throw new IllegalArgumentException(
        "projection '%s' has no index '%s', only %s"
            .formatted(name, index, indexes.stream().map(Index::name).toList()));
  }

  String write(String key, V row) {
    try {
      return writer.writeValueAsString(row);
    } catch (JacksonException e) {
      throw new UnreadableRowException(name, key, e);
    }
  }

  V read(String key, String json) {
    try {
      @Nullable V row = reader.readValue(json);
      if (row == null) {
        throw new UnreadableRowException(name, key, new IllegalArgumentException("JSON null"));
      }
      return row;
    } catch (JacksonException e) {
      throw new UnreadableRowException(name, key, e);
    }
  }

  /**
   * Tells whether two JSON texts are the same row: members of objects, and elements of sets, may
   * stand in another order.
   */
  boolean same(String key, String one, String other) {
    return one.equals(other)
        || MAPPER.readTree(one).equals(MAPPER.readTree(other))
        || read(key, one).equals(read(key, other));
  }

  List<Views.IndexEntry> entries(@Nullable V row) {
    if (row == null || indexes.isEmpty()) {
      return List.of();
    }
    var entries = new ArrayList<Views.IndexEntry>(indexes.size());
    for (Index<V> index : indexes) {
      String value = index.valueOf(row);
      if (value != null) {
        entries.add(new Views.IndexEntry(index.name(), value));
      }
    }
    return entries;
  }

  static String checkKey(String key) {
    if (key.isEmpty() || key.length() > MAX_KEY) {
      throw new IllegalArgumentException(
          "row key '%.80s' has %d characters, 1 to %d are allowed"
              .formatted(key, key.length(), MAX_KEY));
    }
    return key;
  }

  /** The shard of a row: CRC-32 of its key in UTF-8, as an unsigned number, modulo the shards. */
  static int shard(String key, int shards) {
    var crc = new CRC32();
    crc.update(key.getBytes(StandardCharsets.UTF_8));
    return (int) (crc.getValue() % shards);
  }
}
