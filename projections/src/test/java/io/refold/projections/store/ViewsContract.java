package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Heads.Fencing;
import io.refold.projections.store.Heads.Head;
import io.refold.projections.store.Views.Commit;
import io.refold.projections.store.Views.IndexEntry;
import io.refold.projections.store.Views.Outcome;
import io.refold.projections.store.Views.RowChange;
import io.refold.projections.store.Views.ShardRows;
import io.refold.projections.store.Views.Span;
import io.refold.projections.store.Views.StoredRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the rows of a store do, verb by verb. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ViewsContract {
  private static final AtomicInteger NUMBERS = new AtomicInteger();
  private static final Position NONE = Position.origin(3);
  private static final Position FIRST = new Position(3, 1, 1_000);
  private static final Position SECOND = new Position(3, 2, 2_000);

  private final Generation generation = new Generation("views", NUMBERS.incrementAndGet());
  private final Lease lease = new Lease(generation, 3, "me", 10);

  /** Returns a store; it may hold other tests' rows. */
  protected abstract ProjectionStore store();

  private Views views() {
    return store().views();
  }

  @BeforeEach
  void create() {
    views().create(generation, 0);
    views().create(generation, 1);
    assertThat(views().fence(0, lease)).isEqualTo(new Fencing.Done());
  }

  private static RowChange put(String key, long revision, String json) {
    return new RowChange(key, revision, json, List.of(), List.of());
  }

  private static RowChange delete(String key, long revision) {
    return new RowChange(key, revision, null, List.of(), List.of());
  }

  private Outcome commit(Lease by, Position expected, Position next, RowChange... changes) {
    return views()
        .commit(by, List.of(Commit.passing(0, expected, next, List.of(changes))))
        .getOrDefault(0, Outcome.GONE);
  }

  private ShardRows read(String... keys) {
    return Objects.requireNonNull(
        views().read(generation, 3, Map.of(0, List.of(keys)), List.of()).orElseThrow().get(0));
  }

  private static Span keys(int limit) {
    return new Span(null, "-", "+", false, limit);
  }

  private List<String> members(Span span) {
    return views().select(generation, 1, span).orElseThrow().stream()
        .map(hit -> hit.key(span) + "=" + hit.json())
        .toList();
  }

  @Test
  void aCommitWritesRowsAndTheCheckpointOfItsPartition() {
    assertThat(commit(lease, NONE, FIRST, put("a", 0, "{1}"), put("b", 0, "{2}")))
        .isEqualTo(Outcome.DONE);

    ShardRows read = read("a", "b", "c");
    assertThat(read.checkpoint()).isEqualTo(FIRST);
    assertThat(read.rows().keySet()).containsExactlyInAnyOrder("a", "b");
    assertThat(read.rows().get("a")).extracting(StoredRow::json).isEqualTo("{1}");
    assertThat(views().head(generation, 0, 3)).map(Head::checkpoint).contains(FIRST);
    assertThat(views().read(generation, 4, Map.of(0, List.of("a")), List.of()).orElseThrow().get(0))
        .as("another partition's checkpoint")
        .extracting(ShardRows::checkpoint)
        .isEqualTo(Position.origin(4));
  }

  private static RowChange change(
      String key, long revision, @Nullable String json, List<String> removed, List<String> added) {
    return new RowChange(key, revision, json, entries(removed), entries(added));
  }

  private static List<IndexEntry> entries(List<String> values) {
    return values.stream().map(value -> new IndexEntry("x", value)).toList();
  }

  private List<String> order(@Nullable String index, String from, int limit) {
    return views().members(generation, 0, new Span(index, from, "+", false, limit)).orElseThrow();
  }

  @Test
  void aRowIsMendedUnderAFenceWithItsPlacesInAllOrders() {
    commit(lease, NONE, FIRST, change("a", 0, "{1}", List.of(), List.of("u")), put("b", 0, "{2}"));
    long revision = revision("a");
    RowChange mended = change("a", revision, "{9}", List.of("u"), List.of("v", "w"));
    assertThat(views().mend(0, new Lease(generation, 3, "me", 9), mended))
        .isEqualTo(Outcome.FENCED);
    assertThat(views().mend(1, lease, mended)).isEqualTo(Outcome.FENCED);
    assertThat(views().mend(7, lease, mended)).isEqualTo(Outcome.GONE);
    assertThat(views().mend(0, lease, put("a", revision + 1, "{9}"))).isEqualTo(Outcome.CONFLICT);
    assertThat(views().mend(0, lease, put("new", 1, "{9}"))).isEqualTo(Outcome.CONFLICT);
    assertThat(order("x", "-", 9)).containsExactly("u\0a");

    assertThat(views().mend(0, lease, mended)).isEqualTo(Outcome.DONE);
    assertThat(views().mend(0, lease, mended)).as("a late copy").isEqualTo(Outcome.CONFLICT);
    assertThat(revision("a")).isGreaterThan(revision);
    assertThat(order("x", "-", 9)).containsExactly("v\0a", "w\0a");
    assertThat(views().mend(0, lease, put("c", 0, "{3}"))).isEqualTo(Outcome.DONE);
    assertThat(views().mend(0, lease, delete("b", revision("b")))).isEqualTo(Outcome.DONE);
    assertThat(order(null, "-", 9)).containsExactly("a", "c");
    assertThat(members(keys(9))).containsExactly("a={9}", "c={3}");
    assertThat(read("a").checkpoint()).as("no event was applied").isEqualTo(FIRST);
  }

  @Test
  void ordersAndKeysAreReadPageByPageAsTheyAre() {
    commit(lease, NONE, FIRST, put("a", 0, "{1}"), put("b", 0, "{2}"), put("c", 0, "{3}"));
    assertThat(order(null, "-", 2)).containsExactly("a", "b");
    assertThat(order(null, "(b", 2)).containsExactly("c");
    assertThat(order("none", "-", 2)).isEmpty();
    Views.Keys keys = views().keys(generation, 0, "").orElseThrow();
    assertThat(keys.rows()).isEqualTo(3);
    assertThat(keys.keys()).containsExactlyInAnyOrder("a", "b", "c");
    assertThat(keys.next()).isEmpty();
    assertThat(views().keys(generation, 1, "").orElseThrow())
        .isEqualTo(new Views.Keys(0, List.of(), ""));
    assertThat(views().keys(generation, 7, "")).isEmpty();
    assertThat(views().members(generation, 7, keys(1))).isEmpty();
  }

  @Test
  void aRowIsReplacedOnlyUnderTheRevisionThatWasRead() {
    commit(lease, NONE, FIRST, put("a", 0, "{1}"));
    long revision = revision("a");
    assertThat(commit(lease, FIRST, SECOND, put("a", revision + 1, "{2}")))
        .isEqualTo(Outcome.CONFLICT);
    assertThat(commit(lease, FIRST, SECOND, put("a", 0, "{2}"))).isEqualTo(Outcome.CONFLICT);
    assertThat(commit(lease, FIRST, SECOND, put("new", 7, "{2}"))).isEqualTo(Outcome.CONFLICT);
    assertThat(read("a").checkpoint()).as("nothing was written").isEqualTo(FIRST);

    assertThat(commit(lease, FIRST, SECOND, put("a", revision, "{2}"))).isEqualTo(Outcome.DONE);
    assertThat(revision("a")).isGreaterThan(revision);
  }

  private long revision(String key) {
    StoredRow row = read(key).rows().get(key);
    return row == null ? 0 : row.revision();
  }

  @Test
  void aRowThatIsDeletedAndMadeAgainNeverGetsAnOldRevision() {
    commit(lease, NONE, FIRST, put("a", 0, "{1}"));
    long first = revision("a");
    commit(lease, FIRST, SECOND, delete("a", first));
    assertThat(read("a").rows()).isEmpty();
    assertThat(members(keys(10))).isEmpty();
    commit(lease, SECOND, new Position(3, 3, 3_000), put("a", 0, "{2}"));
    assertThat(revision("a")).isGreaterThan(first);
    assertThat(members(keys(10))).containsExactly("a={2}");
  }

  @Test
  void aRowThatStaysAwayIsComparedToo() {
    assertThat(commit(lease, NONE, FIRST, delete("a", 0))).isEqualTo(Outcome.DONE);
    commit(lease, FIRST, SECOND, put("a", 0, "{1}"));
    assertThat(commit(lease, SECOND, new Position(3, 3, 3_000), delete("a", 0)))
        .isEqualTo(Outcome.CONFLICT);
  }

  @Test
  void aLateCopyOfACommitChangesNothing() {
    var first = Commit.passing(0, NONE, FIRST, List.of(put("a", 0, "{1}")));
    assertThat(views().commit(lease, List.of(first))).containsEntry(0, Outcome.DONE);
    assertThat(views().commit(lease, List.of(first))).containsEntry(0, Outcome.CONFLICT);
    assertThat(revision("a")).isOne();
  }

  @Test
  void onlyTheOwnerInTheHeadMayCommit() {
    var stale = new Lease(generation, 3, "me", 9);
    var other = new Lease(generation, 3, "other", 10);
    assertThat(commit(stale, NONE, FIRST, put("a", 0, "{1}"))).isEqualTo(Outcome.FENCED);
    assertThat(commit(other, NONE, FIRST, put("a", 0, "{1}"))).isEqualTo(Outcome.FENCED);
    assertThat(commit(new Lease(generation, 4, "me", 10), NONE, FIRST)).isEqualTo(Outcome.FENCED);

    var successor = new Lease(generation, 3, "other", 11);
    assertThat(views().fence(0, successor)).isEqualTo(new Fencing.Done());
    assertThat(commit(lease, NONE, FIRST, put("a", 0, "{1}"))).isEqualTo(Outcome.FENCED);
    assertThat(read("a").rows()).isEmpty();
    assertThat(commit(successor, NONE, FIRST, put("a", 0, "{1}"))).isEqualTo(Outcome.DONE);
  }

  @Test
  void anEpochInTheHeadNeverFalls() {
    assertThat(views().fence(0, lease)).as("the same again").isEqualTo(new Fencing.Done());
    assertThat(views().fence(0, new Lease(generation, 3, "other", 10)))
        .isEqualTo(new Fencing.Refused(10));
    assertThat(views().fence(0, new Lease(generation, 3, "other", 9)))
        .isEqualTo(new Fencing.Refused(10));
    assertThat(views().fence(0, new Lease(generation, 4, "other", 1)))
        .as("another partition")
        .isEqualTo(new Fencing.Done());
  }

  @Test
  void aCheckpointMovesOnlyFromTheOneThatWasRead() {
    commit(lease, NONE, FIRST, put("a", 0, "{1}"));
    assertThat(commit(lease, NONE, SECOND, put("b", 0, "{1}"))).isEqualTo(Outcome.CONFLICT);
    assertThat(commit(lease, SECOND, SECOND, put("b", 0, "{1}"))).isEqualTo(Outcome.CONFLICT);
    assertThat(commit(lease, new Position(3, 1, 999), SECOND)).isEqualTo(Outcome.CONFLICT);
    assertThat(read("b").rows()).isEmpty();
  }

  @Test
  void aShardThatIsNotThereIsSaidToBeGone() {
    assertThat(views().fence(7, lease)).isEqualTo(new Fencing.Gone());
    assertThat(views().head(generation, 7, 3)).isEmpty();
    assertThat(views().read(generation, 3, Map.of(0, List.of("a"), 7, List.of("a")), List.of()))
        .isEmpty();
    assertThat(views().commit(lease, List.of(Commit.passing(7, NONE, FIRST, List.of()))))
        .containsEntry(7, Outcome.GONE);
    assertThat(views().select(generation, 3, keys(10))).isEmpty();
    assertThat(views().count(generation, 3, keys(10))).isEqualTo(OptionalLong.empty());
  }

  @Test
  void creatingKeepsWhatIsThereAndDeletingRemovesAll() {
    commit(lease, NONE, FIRST, indexed("a", 0, "{1}", null, "x"));
    views().create(generation, 0);
    assertThat(read("a").rows()).hasSize(1);
    views().delete(generation, 0, List.of("by"));
    assertThat(views().head(generation, 0, 3)).isEmpty();
    views().create(generation, 0);
    assertThat(views().fence(0, lease)).isEqualTo(new Fencing.Done());
    assertThat(read("a")).isEqualTo(new ShardRows(NONE, Map.of(), Map.of()));
    assertThat(members(new Span("by", "-", "+", false, 10))).isEmpty();
    assertThat(members(keys(10))).isEmpty();
  }

  private static RowChange indexed(
      String key,
      long revision,
      @Nullable String json,
      @Nullable String old,
      @Nullable String now) {
    return new RowChange(
        key,
        revision,
        json,
        old == null ? List.of() : List.of(new IndexEntry("by", old)),
        now == null ? List.of() : List.of(new IndexEntry("by", now), new IndexEntry("and", now)));
  }

  @Test
  void indexesFollowTheRows() {
    var all = new Span("by", "-", "+", false, 10);
    commit(
        lease,
        NONE,
        FIRST,
        indexed("a", 0, "{a}", null, "2"),
        indexed("b", 0, "{b}", null, "1"),
        indexed("c", 0, "{c}", null, null));
    assertThat(members(all)).containsExactly("b={b}", "a={a}");
    commit(
        lease,
        FIRST,
        SECOND,
        indexed("a", revision("a"), "{A}", "2", "0"),
        indexed("b", revision("b"), null, "1", null));
    assertThat(members(all)).containsExactly("a={A}");
    assertThat(views().count(generation, 1, all)).hasValue(1);
    assertThat(members(keys(10))).containsExactly("a={A}", "c={c}");
  }

  @Test
  void spansHaveBoundsALimitAndADirection() {
    var changes = new ArrayList<RowChange>();
    for (String key : List.of("k1", "k2", "k3")) {
      for (String value : List.of("a", "b", "bb", "c", "ü")) {
        changes.add(indexed(key + value, 0, "{}", null, value));
      }
    }
    commit(lease, NONE, FIRST, changes.toArray(RowChange[]::new));
    var equal = new Span("by", "[b\0", "(b\u0001", false, 10);
    assertThat(members(equal)).containsExactly("k1b={}", "k2b={}", "k3b={}");
    assertThat(members(new Span("by", "[b\0", "(b\u0001", true, 2)))
        .containsExactly("k3b={}", "k2b={}");
    assertThat(members(new Span("by", "(b\0k2b", "(c\u0001", false, 3)))
        .containsExactly("k3b={}", "k1bb={}", "k2bb={}");
    assertThat(members(new Span("by", "-", "(b\0", false, 10)))
        .containsExactly("k1a={}", "k2a={}", "k3a={}");
    assertThat(members(new Span("by", "-", "+", true, 1))).containsExactly("k3ü={}");
    assertThat(views().count(generation, 1, equal)).hasValue(3);
    assertThat(views().count(generation, 2, new Span("by", "-", "+", false, 1))).hasValue(15);
  }

  @Test
  void aCommitMayBeLarge() {
    var changes = new ArrayList<RowChange>();
    var keys = new ArrayList<String>();
    for (int i = 0; i < 5_000; i++) {
      String key = "row-%05d".formatted(i);
      keys.add(key);
      changes.add(indexed(key, 0, "{\"n\":%d}".formatted(i), null, "v" + i % 10));
    }
    assertThat(commit(lease, NONE, FIRST, changes.toArray(RowChange[]::new)))
        .isEqualTo(Outcome.DONE);
    Map<String, StoredRow> rows = read(keys.toArray(String[]::new)).rows();
    assertThat(rows).hasSize(5_000);
    assertThat(rows.values()).extracting(StoredRow::revision).doesNotHaveDuplicates();
    assertThat(views().count(generation, 1, new Span("by", "[v3\0", "(v3\u0001", false, 1)))
        .hasValue(500);
    assertThat(members(keys(4_000))).hasSize(4_000).startsWith("row-00000={\"n\":0}");
    assertThat(
            commit(
                lease,
                FIRST,
                SECOND,
                rows.entrySet().stream()
                    .map(row -> delete(row.getKey(), row.getValue().revision()))
                    .toArray(RowChange[]::new)))
        .isEqualTo(Outcome.DONE);
    assertThat(views().count(generation, 1, keys(1))).hasValue(0);
  }

  @Test
  void anIndexKeepsItsPlacesInALargeCommitThatNamesThemBothWays() {
    var first = new ArrayList<RowChange>();
    var second = new ArrayList<RowChange>();
    for (int i = 0; i < 3_000; i++) {
      first.add(indexed("row" + i, 0, "{}", null, "same"));
      second.add(indexed("row" + i, i + 1, "{}", "same", "same"));
    }
    commit(lease, NONE, FIRST, first.toArray(RowChange[]::new));

    assertThat(commit(lease, FIRST, SECOND, second.toArray(RowChange[]::new)))
        .isEqualTo(Outcome.DONE);

    assertThat(views().count(generation, 1, new Span("by", "-", "+", false, 1))).hasValue(3_000);
  }

  @Test
  void oneCallMayWriteToSeveralShards() {
    views().fence(1, lease);
    var commits =
        List.of(
            Commit.passing(0, NONE, FIRST, List.of(put("a", 0, "{0}"))),
            Commit.passing(1, SECOND, FIRST, List.of(put("b", 0, "{1}"))));
    assertThat(views().commit(lease, commits))
        .containsEntry(0, Outcome.DONE)
        .containsEntry(1, Outcome.CONFLICT);
    assertThat(views().select(generation, 2, keys(10)).orElseThrow()).hasSize(1);
  }

  @Test
  void textsOfAnyKindComeBack() {
    String key = "schlüssel 𝄞 \n:{}";
    String json = "{\"text\":\"ä\\u0000𝄞 \\n\"}";
    commit(lease, NONE, FIRST, put(key, 0, json));
    assertThat(read(key).rows().get(key)).isEqualTo(new StoredRow(1, json));
    assertThat(members(keys(10))).containsExactly(key + "=" + json);
  }
}
