package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NamesAndLimitsTest {
  private static final List<Event> ONE = List.of(new Deposited(1));

  @Test
  void theRouteOfAStreamIsItsIdUpToTheFirstSlash() {
    assertThat(new StreamId("order", "acme/order-1").route()).isEqualTo("acme");
    assertThat(new StreamId("order", "42").route()).isEqualTo("42");
    assertThat(new StreamId("order", "/x").route()).isEmpty();
  }

  /** Vectors for implementations in other languages; a change here loses everybody's history. */
  @Test
  void thePartitionIsTheCrc32OfTheRoute() {
    assertThat(new StreamId("any", "123456789").partition(1 << 30))
        .isEqualTo(0xCBF43926L % (1 << 30));
    assertThat(new StreamId("any", "alice").partition(16)).isEqualTo(7);
    assertThat(new StreamId("other", "alice/42").partition(16)).isEqualTo(7);
    assertThat(new StreamId("any", "käthe").partition(16)).isEqualTo(7);
    assertThat(new StreamId("any", "42").partition(16)).isEqualTo(8);
  }

  @Test
  void idsSpreadEvenlyOverThePartitions() {
    int[] counts = new int[16];
    for (int i = 0; i < 16_000; i++) {
      counts[new StreamId("any", "A" + i).partition(16)]++;
    }
    assertThat(IntStream.of(counts).min().orElseThrow()).isGreaterThan(800);
    assertThat(IntStream.of(counts).max().orElseThrow()).isLessThan(1_200);
  }

  @Test
  void namesThatWouldBreakKeysAreRefused() {
    for (String name : List.of("", "a:b", "a{b", "a}b", "a\nb", "x".repeat(65))) {
      assertThatThrownBy(() -> new StreamId(name, "1"), name)
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (String id : List.of("", "a\nb", "a\u0000", "\uD800", "\uDC00x", "x".repeat(257))) {
      assertThatThrownBy(() -> new StreamId("a", id), id)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(new StreamId("a", "{:} \uD83D\uDE00").toString()).isEqualTo("a:{:} \uD83D\uDE00");
    assertThat(StreamId.parse("a:{:} b")).isEqualTo(new StreamId("a", "{:} b"));
  }

  @Test
  void positionsAreWrittenAndReadBack() {
    var position = new Position(3, 17, 1_700_000_000_123_456L);
    assertThat(position).hasToString("3:17-1700000000123456");
    assertThat(Position.parse("3:17-1700000000123456")).isEqualTo(position);
    assertThat(position.recordedAt()).isEqualTo("2023-11-14T22:13:20.123456Z");
    for (String wrong : List.of("", "3", "3:17", "17-1", "a:1-1", "3:-1-1", "3:17-x")) {
      assertThatThrownBy(() -> Position.parse(wrong), wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anAppendReachesOneRouteAndEachStreamOnce() {
    var append = Append.of(ACCOUNTS, "acme/1", ExpectedVersion.any(), ONE);

    assertThatThrownBy(() -> append.and(SAVINGS, "other/1", ExpectedVersion.any(), ONE))
        .hasMessageContaining("different routes ('acme', 'other')");
    assertThatThrownBy(() -> append.and(ACCOUNTS, "acme/1", ExpectedVersion.any(), ONE))
        .hasMessageContaining("account:acme/1 occurs twice");
    assertThatThrownBy(() -> Append.of(ACCOUNTS, "1", ExpectedVersion.any(), List.of()))
        .hasMessageContaining("has no events");
    assertThatThrownBy(() -> append.withCommandId("")).hasMessageContaining("command id is empty");
  }

  @Test
  void oversizedAppendsAreRefusedBeforeAnythingIsSent() {
    Limits limits = Limits.defaults();
    assertThatThrownBy(() -> limits.check(append(EventStoreContract.deposits(1, 1_001))))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("1,001 events, at most 1,000");
    assertThatThrownBy(
            () -> limits.check(append(List.of(new Accounts.Opened("x".repeat(1 << 20))))))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("opened for account:1 has")
        .hasMessageContaining("nothing was written");
    Accounts.Event large = new Accounts.Opened("x".repeat(1_000_000));
    assertThatThrownBy(() -> limits.check(append(Collections.nCopies(9, large))))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("at most 8,388,608");
  }

  @Test
  void limitsAreTheStores() {
    var limits = Limits.defaults().withAppendEvents(2).withEventBytes(20).withAppendBytes(30);
    var store = new InMemoryEventStore(1, Clock.systemUTC(), limits);

    assertThatThrownBy(() -> store.append(append(EventStoreContract.deposits(1, 3))))
        .hasMessageContaining("Limits.appendEvents");
    assertThatThrownBy(() -> store.append(append(List.of(new Accounts.Opened("x".repeat(20))))))
        .hasMessageContaining("Limits.eventBytes");
    assertThatThrownBy(
            () -> store.append(append(Collections.nCopies(2, new Accounts.Opened("xxxx")))))
        .hasMessageContaining("Limits.appendBytes");
    assertThat(store.read(ACCOUNTS.stream("1"), 0, 10)).isEmpty();
    assertThatThrownBy(() -> Limits.defaults().withEventBytes(0))
        .hasMessageContaining("eventBytes");
    assertThatThrownBy(() -> Limits.defaults().withAppendEvents(10_001))
        .hasMessageContaining("10,001");
  }

  @Test
  void metadataCountsOnceForEveryEvent() {
    var metadata = Metadata.of("user", "käthe"); // 16 bytes of JSON, and a comma or brace
    Limits limits = Limits.defaults().withAppendBytes(90);
    var two = append(Collections.nCopies(2, new Accounts.Deposited(1))); // 11 bytes each

    limits.check(two.withMetadata(metadata));
    limits.check(append(Collections.nCopies(8, new Accounts.Deposited(1))));
    assertThatThrownBy(() ->
            limits.check(
                append(Collections.nCopies(4, new Accounts.Deposited(1))).withMetadata(metadata)))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("with the metadata of each event")
        .hasMessageContaining("Limits.appendBytes");
  }

  private static Append append(List<? extends Accounts.Event> events) {
    return Append.of(ACCOUNTS, "1", ExpectedVersion.any(), events);
  }

  @Test
  void metadataIsSmallSortedAndSafe() {
    var metadata = Metadata.of("b", "2").with("a", "1");
    assertThat(metadata.entries().keySet()).containsExactly("a", "b");
    assertThatThrownBy(() -> Metadata.of("", "x")).hasMessageContaining("1 to 64");
    assertThatThrownBy(() -> Metadata.of("a", "\uD800")).hasMessageContaining("half a surrogate");
    assertThatThrownBy(() -> Metadata.of("a", "x".repeat(1_025))).hasMessageContaining("1,024");
    assertThatThrownBy(
            () -> {
              var growing = Metadata.empty();
              for (int i = 0; i < 33; i++) {
                growing = growing.with("name" + i, "x");
              }
            })
        .hasMessageContaining("at most 32");
  }

  @Test
  void pausesBetweenAttemptsGrowUpToALimit() {
    var policy = ConflictPolicy.retry(3);
    assertThat(policy.pauseBefore(1)).hasMillis(1);
    assertThat(policy.pauseBefore(3)).hasMillis(4);
    assertThat(policy.pauseBefore(1_000)).hasMillis(256);
    assertThatThrownBy(() -> ConflictPolicy.retry(-1)).hasMessageContaining("0 or more retries");
  }
}
