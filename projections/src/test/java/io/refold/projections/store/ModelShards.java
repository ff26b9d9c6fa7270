package io.refold.projections.store;

import static io.refold.projections.store.ModelNames.items;
import static io.refold.projections.store.ModelNames.many;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.ProjectionStore;
import io.refold.projections.Shop;
import io.refold.projections.store.Heads.Note;
import io.refold.projections.store.Views.IndexEntry;
import io.refold.projections.store.Views.RowChange;
import io.refold.projections.store.Views.Span;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The model's rows: {@code ra} lists the versions of stream a that it has; {@code T} and {@code U}
 * are shared by all streams, get an item from an odd version, and lose the stream's items to an
 * even one. An index orders rows by their length.
 */
record ModelShards(ProjectionStore store, ModelNames names) {
  static final String INDEX = "length";
  private static final Comparator<String> BY_STREAM =
      Comparator.comparingInt((String item) -> item.charAt(0))
          .thenComparingInt(item -> Integer.parseInt(item.substring(1)));

  String head(Generation generation, int shard) {
    var checkpoints = new TreeMap<Integer, Position>();
    var notes = new HashMap<StreamId, Note>();
    var drops = new HashSet<EventAddress>();
    for (int partition = 0; partition < 2; partition++) {
      Optional<Heads.Head> head = store.views().head(generation, shard, partition);
      if (head.isEmpty()) {
        return "none";
      }
      if (head.get().checkpoint().sequence() > 0) {
        checkpoints.put(partition, head.get().checkpoint());
      }
      notes.putAll(head.get().notes());
      drops.addAll(head.get().drops());
    }
    return "%s %s %s"
        .formatted(many(checkpoints, names::token), names.notes(notes), names.addresses(drops));
  }

  String read(Generation generation, int shard, int partition, String keys) {
    return store
        .views()
        .read(
            generation, partition, Map.of(shard, items(keys).toList()), names.streamsOf(partition))
        .map(shards -> {
          Views.ShardRows read = Objects.requireNonNull(shards.get(shard));
          return "%s %s %s"
              .formatted(
                  names.token(read.checkpoint()), rows(read.rows()), names.notes(read.notes()));
        })
        .orElse("none");
  }

  private static String rows(Map<String, Views.StoredRow> rows) {
    return many(
        rows.entrySet().stream()
            .map(e ->
                "%s~%d~%s"
                    .formatted(
                        e.getKey(),
                        e.getValue().revision(),
                        e.getValue().json().replace("\"", ""))));
  }

  String commit(Generation generation, List<String> words) {
    int shard = Integer.parseInt(words.get(2));
    int partition = Integer.parseInt(words.get(3));
    var lease =
        new Lease(
            generation, partition, words.get(5), names.epoch(generation, partition, words.get(4)));
    Views.Step step =
        words.get(6).equals("-")
            ? new Views.Step.Passing(
                names.position(partition, words.get(7)), names.position(partition, words.get(8)))
            : new Views.Step.Retrying(
                names.stream(words.get(6)),
                names.note(partition, words.get(7)),
                names.note(partition, words.get(8)));
    var commit =
        new Views.Commit(
            shard,
            step,
            items(words.get(9)).map(ModelShards::change).toList(),
            names.notes(partition, words.get(10)),
            items(words.get(11)).map(names::address).collect(Collectors.toSet()));
    return switch (Objects.requireNonNull(
        store.views().commit(lease, List.of(commit)).get(shard))) {
      case DONE -> "ok";
      case FENCED -> "fenced";
      case CONFLICT -> "conflict";
      case GONE -> "gone";
    };
  }

  /** Reads {@code key~revision~before~after}. */
  private static RowChange change(String written) {
    String[] parts = written.split("~", -1);
    return new RowChange(
        parts[0],
        Long.parseLong(parts[1]),
        parts[3].equals("-") ? null : '"' + parts[3] + '"',
        entries(parts[2]),
        entries(parts[3]));
  }

  private static List<IndexEntry> entries(String row) {
    return row.equals("-") ? List.of() : List.of(new IndexEntry(INDEX, length(row)));
  }

  private static String length(String row) {
    return String.valueOf(row.split("\\.", -1).length);
  }

  /** Returns all rows of a shard, having checked that both orders list exactly these. */
  String all(Generation generation, int shard) {
    Optional<Views.Keys> keys = store.views().keys(generation, shard, "");
    if (keys.isEmpty()) {
      return "none";
    }
    List<String> listed = keys.get().keys();
    var read = store.views().read(generation, 0, Map.of(shard, listed), Set.of()).orElseThrow();
    Map<String, Views.StoredRow> rows = Objects.requireNonNull(read.get(shard)).rows();
    assertThat(members(generation, shard, null)).isEqualTo(new TreeSet<>(rows.keySet()));
    assertThat(members(generation, shard, INDEX))
        .isEqualTo(
            rows.entrySet().stream()
                .map(e -> length(e.getValue().json()) + "\0" + e.getKey())
                .collect(Collectors.toCollection(TreeSet::new)));
    return rows(rows);
  }

  private Set<String> members(Generation generation, int shard, @Nullable String index) {
    return new TreeSet<>(
        store
            .views()
            .members(generation, shard, new Span(index, "-", "+", false, 1_000))
            .orElseThrow());
  }

  // ---- the promises

  /**
   * Checks a generation at rest: every event that is neither parked nor dropped is in its rows
   * once, in order, and everything up to the logs' ends is settled.
   */
  void checkPromises(Generation live) {
    var expected = new TreeMap<String, List<String>>();
    for (int partition = 0; partition < 2; partition++) {
      var outlook = store.subscriptions().outlook(partition, live).orElseThrow();
      assertThat(outlook.fenced()).isFalse();
      assertThat(outlook.state().settled()).isEqualTo(outlook.head());
      Map<StreamId, Long> parked =
          store.parkedStreams().parked(partition, live).stream()
              .collect(Collectors.toMap(ParkedStream::stream, ParkedStream::version));
      Set<EventAddress> dropped =
          store.parkedStreams().dropped(partition, live).stream()
              .map(DroppedEvent::event)
              .collect(Collectors.toSet());
      var left = new Parking(parked, dropped);
      var log = store.events().readLog(partition, 0, 1_000);
      for (StoredEvent event : store.events().fetch(log, category -> true)) {
        if (!left.parks(event) && !left.drops(event)) {
          apply(event, expected);
        }
      }
      for (int shard = 0; shard < ModelReplay.SHARDS; shard++) {
        var head = store.views().head(live, shard, partition).orElseThrow();
        assertThat(head.checkpoint().sequence()).isLessThanOrEqualTo(outlook.head().sequence());
        assertThat(dropped).containsAll(head.drops());
        assertThat(parked.keySet()).isEqualTo(head.notes().keySet());
      }
    }
    String wanted =
        many(
            expected.entrySet().stream()
                .filter(e -> !e.getValue().isEmpty())
                .map(e -> e.getKey() + "~" + String.join(".", e.getValue())));
    String found =
        many(
            Stream.of(0, 1)
                .flatMap(shard -> items(all(live, shard)))
                .map(row -> row.replaceFirst("~\\d+~", "~")));
    assertThat(found).isEqualTo(wanted);
  }

  private void apply(StoredEvent event, Map<String, List<String>> rows) {
    String letter = names.letter(event.stream());
    String kind =
        Shop.NOTES.read(event).stream()
            .map(recorded -> ((Shop.Noted) recorded.event()).text())
            .collect(Collectors.joining());
    if (!kind.equals("X")) {
      List<String> own = rows.computeIfAbsent("r" + letter, key -> new ArrayList<>());
      if (kind.equals("del")) {
        own.clear();
      } else {
        own.add(String.valueOf(event.version()));
      }
    }
    List<String> shared =
        switch (kind) {
          case "del", "T" -> List.of("T");
          case "U" -> List.of("U");
          case "X" -> List.of("T", "U");
          case "own" -> List.<String>of();
          default -> throw new AssertionError(kind);
        };
    for (String key : shared) {
      List<String> items = rows.computeIfAbsent(key, row -> new ArrayList<>());
      if (event.version() % 2 == 1) {
        items.add(letter + event.version());
        items.sort(BY_STREAM);
      } else {
        items.removeIf(item -> item.startsWith(letter));
      }
    }
  }
}
