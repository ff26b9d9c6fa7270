package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.UniqueValues.Result;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class InMemoryUniqueValuesTest extends UniqueValuesCrashContract {
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2020-01-01T00:00:00Z"));
  private final Clock clock =
      new Clock() {
        @Override
        public Instant instant() {
          return now.get();
        }

        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }
      };
  private final InMemoryEventStore store = new InMemoryEventStore();
  private final ValueRegister register = new InMemoryValueRegister(clock);
  private final UniqueValues names = UniqueValues.on(store, "name", register);

  @Override
  protected EventStore store() {
    return store;
  }

  @Override
  protected UniqueValues names() {
    return names;
  }

  @Override
  protected ValueRegister register() {
    return register;
  }

  @Override
  protected void expire(String reserved) {
    now.updateAndGet(time -> time.plus(Duration.ofMinutes(5)));
  }

  @Test
  void aReservationLastsAsLongAsSaid() {
    var owner = ACCOUNTS.stream("a");
    var other = ACCOUNTS.stream("b");
    names.reserve("x", owner, "c1", Duration.ofSeconds(10));
    now.updateAndGet(time -> time.plusMillis(9_999));
    assertThat(names.reserve("x", other, "c2", Duration.ofSeconds(10)))
        .isEqualTo(new Result.Taken(owner));

    now.updateAndGet(time -> time.plusMillis(1));

    assertThat(names.reserve("x", other, "c2", Duration.ofSeconds(10)))
        .isInstanceOf(Result.Reserved.class);
  }

  @Test
  void aMarkWhoseReplyIsLostIsSentAgain() {
    for (boolean written : List.of(false, true)) {
      var marks = new AtomicInteger();
      EventStore losing = losing(marks, 2, written);
      var values = UniqueValues.inMemory(losing, "name", clock);
      var owner = ACCOUNTS.stream("lost-" + written);
      values.reserve("x", owner, "c1", Duration.ofSeconds(1));
      expire("x");

      assertThat(values.reserve("x", ACCOUNTS.stream("b"), "c2", Duration.ofSeconds(1)))
          .isInstanceOf(Result.Reserved.class);
      assertThat(store.read(owner, 0, 10)).hasSize(1);
      assertThat(marks).hasValue(written ? 1 : 3);
    }
  }

  @Test
  void whereEveryReplyIsLostNothingIsGivenAway() {
    var values = UniqueValues.inMemory(losing(new AtomicInteger(), 1_000, false), "name", clock);
    var owner = ACCOUNTS.stream("a");
    values.reserve("x", owner, "c1", Duration.ofSeconds(1));
    expire("x");

    assertThatThrownBy(() -> values.reserve("x", ACCOUNTS.stream("b"), "c2", Duration.ofSeconds(1)))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("name 'x' was not reserved")
        .hasMessageContaining("c1")
        .hasMessageContaining("account:a");
    assertThat(values.ownerOf("x")).contains(owner);
  }

  @Test
  void anAppendBetweenTheSearchAndTheMarkIsFound() {
    var owner = ACCOUNTS.stream("a");
    var values =
        UniqueValues.inMemory(
            beforeMarks(() ->
                store.append(
                    Append.of(ACCOUNTS, "a", ExpectedVersion.any(), List.of(new Opened("x")))
                        .withCommandId("c1"))),
            "name",
            clock);
    values.reserve("x", owner, "c1", Duration.ofSeconds(1));
    expire("x");

    assertThat(values.reserve("x", ACCOUNTS.stream("b"), "c2", Duration.ofSeconds(1)))
        .isEqualTo(new Result.Taken(owner));
    assertThat(store.read(owner, 0, 10)).hasSize(1);
  }

  @Test
  void anAppendBeforeAStreamIsClosedIsFound() {
    var owner = ACCOUNTS.stream("a");
    var values =
        UniqueValues.inMemory(
            beforeMarks(() -> {
              store.append(
                  Append.of(ACCOUNTS, "a", ExpectedVersion.any(), List.of(new Opened("x")))
                      .withCommandId("c1"));
              for (int i = 0; i < EventStore.RECOGNISED_EVENTS; i++) {
                store.append(
                    Append.of(ACCOUNTS, "a", ExpectedVersion.any(), List.of(new Opened("x"))));
              }
              store.close(owner, ExpectedVersion.any());
            }),
            "name",
            clock);
    values.reserve("x", owner, "c1", Duration.ofSeconds(1));
    expire("x");

    assertThat(values.reserve("x", ACCOUNTS.stream("b"), "c2", Duration.ofSeconds(1)))
        .isEqualTo(new Result.Taken(owner));
  }

  /** A store that loses the replies to the first marks, before or after they are written. */
  private EventStore losing(AtomicInteger marks, int lost, boolean written) {
    var unknown = new AppendResult.Unknown(new IllegalStateException("lost"));
    return intercepted(mark -> {
      if (marks.getAndIncrement() >= lost) {
        return mark.get();
      }
      if (written) {
        Object unused = mark.get();
      }
      return unknown;
    });
  }

  private EventStore beforeMarks(Runnable first) {
    return intercepted(mark -> {
      first.run();
      return mark.get();
    });
  }

  private EventStore intercepted(Function<Supplier<Object>, Object> marking) {
    return (EventStore)
        Proxy.newProxyInstance(
            EventStore.class.getClassLoader(),
            new Class<?>[] {EventStore.class},
            (proxy, method, arguments) ->
                method.getName().equals("mark")
                    ? marking.apply(() -> invoke(method, arguments))
                    : invoke(method, arguments));
  }

  private Object invoke(Method method, Object[] arguments) {
    try {
      return method.invoke(store, arguments);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
