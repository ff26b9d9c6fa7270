package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import io.refold.projections.Shop;
import io.refold.projections.store.Heads.Note;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the model calls things, and what the store calls them. Streams {@code a} and {@code b} share
 * a route in partition 0, {@code c} is in partition 1.
 */
final class ModelNames {
  private final Map<String, Position> positions = new HashMap<>();
  private final Map<Position, String> tokens = new HashMap<>();
  private final Map<Position, LogEntry> entries = new HashMap<>();
  private final Map<String, Long> epochs = new HashMap<>();
  private final Map<String, StreamId> streams = new HashMap<>();

  ModelNames() {
    streams.put("a", Shop.NOTES.stream(route(0) + "/a"));
    streams.put("b", Shop.NOTES.stream(route(0) + "/b"));
    streams.put("c", Shop.NOTES.stream(route(1) + "/c"));
  }

  private static String route(int partition) {
    return IntStream.iterate(0, i -> i + 1)
        .mapToObj(i -> "r" + i)
        .filter(route -> Shop.NOTES.stream(route).partition(2) == partition)
        .findFirst()
        .orElseThrow();
  }

  // ---- positions

  void name(String token, LogEntry entry) {
    Position position = entry.position();
    assertThat(positions.put(position.partition() + ":" + token, position)).isNull();
    assertThat(tokens.put(position, token)).isNull();
    entries.put(position, entry);
  }

  Position position(int partition, String token) {
    return token.equals("0")
        ? Position.origin(partition)
        : known(positions.get(partition + ":" + token), token);
  }

  LogEntry entry(int partition, String token) {
    return known(entries.get(position(partition, token)), token);
  }

  String token(Position position) {
    return position.sequence() == 0 ? "0" : known(tokens.get(position), position);
  }

  String line(Stream<Position> some) {
    String line = some.map(this::token).collect(Collectors.joining(","));
    return line.isEmpty() ? "-" : line;
  }

  List<Position> line(int partition, String line) {
    return items(line).map(token -> position(partition, token)).toList();
  }

  // ---- epochs

  void epoch(Lease lease, String token) {
    epochs.put(key(lease.generation(), lease.partition(), token), lease.epoch());
  }

  long epoch(Generation generation, int partition, String token) {
    String key = key(generation, partition, token);
    return known(epochs.get(key), key);
  }

  /** Returns the first epoch that counts, one behind one that was met. */
  long leastEpoch(Generation generation, int partition, String token) {
    return token.equals("0")
        ? 0
        : epoch(generation, partition, String.valueOf(Long.parseLong(token) - 1)) + 1;
  }

  /** Returns what the model calls an epoch. */
  String epochToken(Generation generation, int partition, long epoch) {
    String prefix = key(generation, partition, "");
    return epochs.entrySet().stream()
        .filter(e -> e.getKey().startsWith(prefix) && e.getValue() == epoch)
        .map(e -> e.getKey().substring(prefix.length()))
        .findFirst()
        .orElseThrow();
  }

  private static String key(Generation generation, int partition, String token) {
    return generation.number() + " " + partition + " " + token;
  }

  // ---- streams and events

  StreamId stream(String letter) {
    return known(streams.get(letter), letter);
  }

  String letter(StreamId stream) {
    return stream.id().substring(stream.id().indexOf('/') + 1);
  }

  Set<StreamId> streamsOf(int partition) {
    return streams.values().stream()
        .filter(stream -> stream.partition(2) == partition)
        .collect(Collectors.toSet());
  }

  EventAddress address(String token) {
    return new EventAddress(stream(token.substring(0, 1)), Long.parseLong(token.substring(1)));
  }

  String addresses(Collection<EventAddress> events) {
    return many(events.stream().map(event -> letter(event.stream()) + event.version()));
  }

  // ---- notes

  Note note(int partition, String token) {
    String[] parts = token.split("@", -1);
    return new Note(Long.parseLong(parts[0]), position(partition, parts[1]));
  }

  Map<StreamId, Note> notes(int partition, String written) {
    var notes = new HashMap<StreamId, Note>();
    pairs(written, (letter, note) -> notes.put(stream(letter), note(partition, note)));
    return notes;
  }

  String notes(Map<StreamId, Note> notes) {
    return many(
        notes.entrySet().stream()
            .map(e ->
                "%s:%d@%s"
                    .formatted(
                        letter(e.getKey()),
                        e.getValue().version(),
                        token(e.getValue().position()))));
  }

  // ---- lists

  static Stream<String> items(String list) {
    return list.equals("-") ? Stream.of() : Arrays.stream(list.split(",", -1));
  }

  static void pairs(String list, BiConsumer<String, String> pair) {
    items(list).map(item -> item.split(":", -1)).forEach(parts -> pair.accept(parts[0], parts[1]));
  }

  static String many(Stream<String> items) {
    String list = items.sorted().collect(Collectors.joining(","));
    return list.isEmpty() ? "-" : list;
  }

  static <K, V> String many(Map<K, V> map, Function<V, String> value) {
    return many(map.entrySet().stream().map(e -> e.getKey() + ":" + value.apply(e.getValue())));
  }

  private static <T> T known(@org.jspecify.annotations.Nullable T value, Object what) {
    if (value == null) {
      throw new AssertionError("the model does not know " + what);
    }
    return value;
  }
}
