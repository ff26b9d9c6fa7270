package io.refold.projections;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Position;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How rows are found, on every store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ReadModelContract {
  private static final Duration SHORT = Duration.ofMillis(50);

  private final Orders orders = new Orders();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private ProjectionStore store;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private DeterministicWorkers workers;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private ReadModel<Order> model;

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  @BeforeEach
  void open() {
    store = store();
    workers = DeterministicWorkers.on(store).add(orders);
    model = store.readModel(orders);
  }

  @AfterEach
  void close() {
    workers.close();
  }

  /** Places orders 00 to 29 of products a, b and c, with sums from -15 to 14; 0 is not indexed. */
  private void thirty() {
    for (int i = 0; i < 30; i++) {
      append(store.events(), "%02d".formatted(i), new Placed("abc".substring(i % 3, i % 3 + 1)));
      append(store.events(), "%02d".formatted(i), new Paid(i - 15));
    }
    workers.runUntilIdle();
  }

  private static List<Long> cents(Page<Order> page) {
    return page.rows().stream().map(row -> row.value().cents()).toList();
  }

  private static List<String> keys(Page<Order> page) {
    return page.rows().stream().map(Row::key).toList();
  }

  @Test
  void rowsAreFoundByTheirKeys() {
    thirty();
    assertThat(model.find("07")).contains(new Order("b", -8, 2, null));
    assertThat(model.find("nobody")).isEmpty();
    Map<String, Order> found = model.findAll(List.of("29", "nobody", "00"));
    assertThat(found.keySet()).containsExactly("29", "00");
    assertThat(model.findAll(List.of())).isEmpty();
    assertThat(model.count()).isEqualTo(30);
  }

  @Test
  void allRowsArePagedThroughInTheOrderOfTheirKeys() {
    thirty();
    var keys = new ArrayList<String>();
    Page<Order> page = model.rows(7);
    keys.addAll(keys(page));
    while (page.next().isPresent()) {
      page = model.rows(7, page.next().get());
      keys.addAll(keys(page));
    }
    assertThat(keys).hasSize(30).isSorted().doesNotHaveDuplicates();
    assertThat(model.stream().map(Row::key)).isEqualTo(keys);
  }

  @Test
  void aPageThatEndsExactlyAtTheLastRowHasAtMostAnEmptyOneBehindIt() {
    thirty();
    Page<Order> all = model.rows(30);
    assertThat(all.rows()).hasSize(30);
    assertThat(all.next().map(next -> model.rows(30, next).rows())).contains(List.of());
    assertThat(model.rows(31).next()).isEmpty();
  }

  @Test
  void anIndexOrdersByValueAcrossShardsAndLeavesOutWhatHasNone() {
    thirty();
    assertThat(cents(model.query(IndexQuery.of("cents"))))
        .hasSize(29)
        .isSorted()
        .doesNotContain(0L)
        .startsWith(-15L);
    assertThat(cents(model.query(IndexQuery.of("cents").descending().limit(3))))
        .containsExactly(14L, 13L, 12L);
    assertThat(cents(model.query(IndexQuery.of("cents").from(-2).to(2))))
        .containsExactly(-2L, -1L, 1L, 2L);
    assertThat(cents(model.query(IndexQuery.of("cents").to(-13).descending())))
        .containsExactly(-13L, -14L, -15L);
    assertThat(keys(model.query(IndexQuery.of("cents").equalTo(5)))).containsExactly("20");
    assertThat(model.count(IndexQuery.of("cents").from(1))).isEqualTo(14);
    assertThat(model.count(IndexQuery.of("product").equalTo("a"))).isEqualTo(10);
  }

  @Test
  void rowsWithEqualValuesAreOrderedByKeyAndPagedWithoutGapOrRepeat() {
    thirty();
    for (boolean descending : List.of(false, true)) {
      IndexQuery query = IndexQuery.of("product").from("a").to("b").limit(4);
      query = descending ? query.descending() : query;
      var keys = new ArrayList<String>();
      Optional<String> next = Optional.empty();
      do {
        Page<Order> page = model.query(next.isPresent() ? query.after(next.get()) : query);
        keys.addAll(keys(page));
        next = page.next();
      } while (next.isPresent());
      var expected = new ArrayList<String>();
      for (int i = 0; i < 30; i += 3) {
        expected.add("%02d".formatted(i));
      }
      for (int i = 1; i < 30; i += 3) {
        expected.add("%02d".formatted(i));
      }
      assertThat(keys).isEqualTo(descending ? expected.reversed() : expected);
    }
  }

  @Test
  void anIndexFollowsItsRows() {
    thirty();
    append(store.events(), "20", new Paid(-5));
    append(store.events(), "21", new Paid(100), new Shop.Cancelled());
    append(store.events(), "22", new Paid(1_000));
    workers.runUntilIdle();
    assertThat(keys(model.query(IndexQuery.of("cents").from(5).to(7)))).isEmpty();
    assertThat(cents(model.query(IndexQuery.of("cents").from(1_000)))).containsExactly(1_007L);
    assertThat(model.count(IndexQuery.of("cents"))).isEqualTo(27);
  }

  @Test
  void theOrderOfTextsIsThatOfTheirCodePoints() {
    List<String> products = List.of("", "Z", "a", "aa", "ab", "ä", "\uffee", "𝄞");
    for (int i = 0; i < products.size(); i++) {
      append(store.events(), "o" + (9 - i), new Placed(products.get(i)));
    }
    workers.runUntilIdle();
    assertThat(model.query(IndexQuery.of("product")).rows())
        .extracting(row -> row.value().product())
        .isEqualTo(products);
    assertThat(model.query(IndexQuery.of("product").equalTo("a")).rows()).hasSize(1);
    assertThat(model.query(IndexQuery.of("product").equalTo("")).rows()).hasSize(1);
    assertThat(model.query(IndexQuery.of("product").from("ab").to("ä")).rows()).hasSize(2);
  }

  @Test
  void theOrderOfNumbersHoldsAtTheirLimits() {
    long[] sums = {Long.MIN_VALUE, -1, 1, Long.MAX_VALUE};
    for (long sum : sums) {
      append(store.events(), "o" + sum, new Paid(sum));
    }
    workers.runUntilIdle();
    assertThat(cents(model.query(IndexQuery.of("cents"))))
        .containsExactly(Long.MIN_VALUE, -1L, 1L, Long.MAX_VALUE);
    assertThat(cents(model.query(IndexQuery.of("cents").equalTo(Long.MAX_VALUE)))).hasSize(1);
  }

  @Test
  void aCursorGoesOnInTheGenerationThatReplacedItsOwn() {
    thirty();
    Page<Order> first = model.rows(10);
    Page<Order> lowest = model.query(IndexQuery.of("cents").limit(10));
    workers.rebuild(orders);
    assertThat(keys(model.rows(10, first.next().orElseThrow()))).startsWith("10").endsWith("19");
    assertThat(
            cents(model.query(IndexQuery.of("cents").limit(2).after(lowest.next().orElseThrow()))))
        .containsExactly(-5L, -4L);
  }

  @Test
  void whatIsNoCursorIsRefused() {
    thirty();
    String cursor = model.rows(3).next().orElseThrow();
    var next = new Orders(2, recorded -> {});
    for (String wrong : List.of("", "x", "!", cursor.substring(0, 2))) {
      assertThatThrownBy(() -> model.rows(3, wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cursor");
    }
    try (var more = DeterministicWorkers.on(store).add(next)) {
      more.runUntilIdle();
      assertThatThrownBy(() -> store.readModel(next).rows(3, cursor))
          .hasMessageContaining("another version");
    }
  }

  @Test
  void whatCannotBeAskedIsRefused() {
    thirty();
    assertThatThrownBy(() -> model.query(IndexQuery.of("nothing")))
        .hasMessageContaining("no index 'nothing', only [cents, product]");
    assertThatThrownBy(() -> model.query(IndexQuery.of("cents").equalTo("1")))
        .hasMessageContaining("of numbers, not of String");
    assertThatThrownBy(() -> model.query(IndexQuery.of("product").from(1)))
        .hasMessageContaining("of texts, not of Long");
    assertThatThrownBy(() -> model.query(IndexQuery.of("product").from("a\0")))
        .hasMessageContaining("no U+0000");
    assertThatThrownBy(() -> model.rows(0)).hasMessageContaining("1 to 10,000 rows");
    assertThatThrownBy(() -> IndexQuery.of("cents").limit(10_001))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aReaderFindsTheRowsOfAGenerationThatReplacedTheOneItKnew() {
    thirty();
    assertThat(model.find("01")).isPresent();
    workers.rebuild(orders);
    assertThat(model.find("01")).isPresent();
    assertThat(model.rows(100).rows()).hasSize(30);
    assertThat(model.query(IndexQuery.of("cents")).rows()).hasSize(29);
    assertThat(model.count()).isEqualTo(30);
  }

  @Test
  void waitingEndsWhenThePositionIsAppliedOrTheTimeIsOver() {
    Position first = append(store.events(), "a", new Placed("x"));
    workers.runUntilIdle();
    assertThat(model.await(first, Duration.ZERO)).isEqualTo(Awaited.APPLIED);
    assertThat(model.await(Position.origin(0), Duration.ZERO)).isEqualTo(Awaited.APPLIED);
    Position second = append(store.events(), "a", new Paid(1));
    assertThat(model.await(second, SHORT)).isEqualTo(Awaited.TIMED_OUT);
    assertThatThrownBy(() -> model.find("a", second, SHORT))
        .isInstanceOf(NotAppliedException.class)
        .hasMessageContaining("has not applied " + second);
    workers.runUntilIdle();
    assertThat(model.find("a", second, SHORT)).contains(new Order("x", 1, 2, null));
    workers.rebuild(orders);
    assertThat(model.await(second, Duration.ZERO)).as("after a rebuild").isEqualTo(Awaited.APPLIED);
  }

  @Test
  void waitingForAsLongAsItTakesDoesNotEndAtOnce() throws Exception {
    workers.runUntilIdle();
    for (Duration forever :
        List.of(ChronoUnit.FOREVER.getDuration(), Duration.ofNanos(Long.MAX_VALUE))) {
      assertThat(model.awaitReady(forever)).isTrue();
      Position position = append(store.events(), "a", new Paid(1));
      var awaited = new CompletableFuture<Awaited>();
      Thread waiter =
          Thread.ofPlatform().start(() -> awaited.complete(model.await(position, forever)));
      Await.until("it waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);
      workers.runUntilIdle();
      assertThat(awaited.get(30, TimeUnit.SECONDS)).isEqualTo(Awaited.APPLIED);
    }
  }

  @Test
  void aPositionThatTheLogDoesNotHoldIsLost() {
    Position real = append(store.events(), "a", new Placed("x"));
    workers.runUntilIdle();
    var other = new Position(real.partition(), real.sequence(), real.micros() + 1);
    assertThat(model.await(other, SHORT)).isEqualTo(Awaited.LOST);
    assertThatThrownBy(() -> model.find("a", other, SHORT))
        .isInstanceOf(HistoryLostException.class)
        .hasMessageContaining(other.toString());
  }

  @Test
  void rowsOfAProjectionWithoutWorkersAreMissingAndNotEmpty() {
    assertThatThrownBy(() -> model.find("a"))
        .isInstanceOf(ReadModelMissingException.class)
        .hasMessageContaining("version 1 of projection 'orders' has no rows yet");
    assertThat(store.status(orders).partitions()).isEmpty();
    assertThat(store.status(orders).caughtUp()).isFalse();
  }
}
