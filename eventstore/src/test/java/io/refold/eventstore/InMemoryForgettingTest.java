package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

class InMemoryForgettingTest extends ForgettingContract {
  private final EventStore store = new InMemoryEventStore();
  private final SubjectKeys keys = new InMemorySubjectKeys();

  @Override
  protected EventStore store() {
    return store;
  }

  @Override
  protected SubjectKeys keys() {
    return keys;
  }

  @Override
  protected SubjectKeys keysElsewhere() {
    return keys;
  }

  @Test
  void keysThatDieWithTheProcessAreWarnedOf() {
    var durable =
        (EventStore)
            Proxy.newProxyInstance(
                EventStore.class.getClassLoader(),
                new Class<?>[] {EventStore.class},
                (proxy, method, arguments) -> method.invoke(store, arguments));

    assertThat(Forgetting.on(store, keys).warnings()).isEmpty();
    assertThat(Forgetting.on(durable, keys).warnings())
        .singleElement()
        .asString()
        .contains("only in this process's memory")
        .contains("use RedisSubjectKeys");
  }
}
