package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Durability;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How calls gather, and what becomes of those that cannot be sent. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LanesTest {
  private final LinkedBlockingQueue<Sent> sendings = new LinkedBlockingQueue<>();
  private final Lanes<String, Call> lanes =
      new Lanes<>("lanes-test", 3, 1, call -> call.way(), this::send);

  /** Calls that were sent together, and what lets the next ones follow. */
  private record Sent(String way, List<Call> calls, CompletableFuture<Void> ended) {}

  private record Call(String way, long latest, long bytes, CompletableFuture<String> outcome)
      implements Lanes.Call {
    static Call to(String way) {
      return to(way, 100);
    }

    static Call to(String way, long bytes) {
      long latest = System.nanoTime() + Duration.ofMinutes(5).toNanos();
      return new Call(way, latest, bytes, new CompletableFuture<>());
    }

    @Override
    public void fail(Throwable cause) {
      outcome.completeExceptionally(cause);
    }
  }

  @BeforeEach
  void start() {
    lanes.start();
  }

  @AfterEach
  void close() {
    lanes.close();
  }

  private CompletableFuture<?> send(String way, List<Call> calls) {
    if (way.equals("broken")) {
      throw new IllegalStateException("no memory");
    }
    var sent = new Sent(way, List.copyOf(calls), new CompletableFuture<>());
    sendings.add(sent);
    return sent.ended();
  }

  private Sent next() throws InterruptedException {
    Sent sent = sendings.poll(30, TimeUnit.SECONDS);
    assertThat(sent).isNotNull();
    return sent;
  }

  private List<Call> add(String way, int number) {
    var calls = new ArrayList<Call>();
    for (int i = 0; i < number; i++) {
      Call call = Call.to(way);
      calls.add(call);
      lanes.add(call);
    }
    return calls;
  }

  @Test
  void callsGatherWhileOthersAreUnderWay() throws Exception {
    List<Call> first = add("a", 1);
    Sent alone = next();
    List<Call> later = add("a", 4);
    alone.ended().complete(null);
    Sent three = next();
    three.ended().completeExceptionally(new IllegalStateException("broken"));

    assertThat(alone.calls()).isEqualTo(first);
    assertThat(three.calls()).isEqualTo(later.subList(0, 3));
    assertThat(next().calls()).isEqualTo(later.subList(3, 4));
  }

  @Test
  void largeCallsAreSentApart() throws Exception {
    add("a", 1);
    Sent alone = next();
    var later = new ArrayList<Call>();
    for (long mib : List.of(8, 9, 1, 20, 1, 1, 1, 1)) {
      Call call = Call.to("a", mib << 20);
      later.add(call);
      lanes.add(call);
    }
    alone.ended().complete(null);

    for (List<Call> together :
        List.of(
            later.subList(0, 2), later.subList(2, 4), later.subList(4, 7), later.subList(7, 8))) {
      Sent sent = next();
      sent.ended().complete(null);
      assertThat(sent.calls()).isEqualTo(together);
    }
  }

  @Test
  void whatCallsSendIsCountedInBytes() {
    Object[] args = {"text", new byte[8 << 20], 17, 5L};
    var keys = List.of("{a}");
    var level = Durability.fsync(Duration.ofSeconds(1));
    var call = new ConfirmedCall(level, reply -> true, "EVAL", "return 1", keys, args);

    assertThat(BytesCodec.size(args)).isEqualTo((8 << 20) + 4);
    assertThat(call.bytes()).isEqualTo((8 << 20) + 4);
  }

  @Test
  void aWayThatHangsHoldsUpNoOther() throws Exception {
    add("hung", 1);
    next();
    add("hung", 5);
    List<Call> others = add("other", 1);

    assertThat(next().calls()).isEqualTo(others);
    assertThat(sendings).isEmpty();
  }

  @Test
  void whatCannotBeSentFailsAndTheNextIsSent() throws Exception {
    List<Call> broken = add("broken", 1);
    List<Call> whole = add("whole", 1);

    assertThat(broken.getFirst().outcome())
        .failsWithin(30, TimeUnit.SECONDS)
        .withThrowableThat()
        .withMessageContaining("no memory");
    assertThat(next().calls()).isEqualTo(whole);
    List<Call> again = add("broken", 1);
    assertThat(again.getFirst().outcome()).failsWithin(30, TimeUnit.SECONDS);
  }

  @Test
  void whatHasWaitedTooLongIsNotSent() throws Exception {
    var late = new Call("a", System.nanoTime() - 1, 100, new CompletableFuture<>());
    lanes.add(late);
    List<Call> inTime = add("a", 1);

    assertThat(late.outcome())
        .failsWithin(30, TimeUnit.SECONDS)
        .withThrowableThat()
        .withCauseInstanceOf(StoreUnavailableException.class);
    assertThat(next().calls()).isEqualTo(inTime);
  }

  @Test
  void closingFailsWhatWaitsAndWhatComesLater() throws Exception {
    add("a", 1);
    next();
    Call waits = add("a", 1).getFirst();
    lanes.close();
    lanes.awaitLast();
    Call comes = add("a", 1).getFirst();

    for (Call call : List.of(waits, comes)) {
      assertThat(call.outcome())
          .failsWithin(30, TimeUnit.SECONDS)
          .withThrowableThat()
          .withMessageContaining("closed (nothing was written)");
    }
  }
}
