package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;

/** The code of docs/guides/security.md does what the guide says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SecurityGuideTest {
  private static RedisEventStore open(String address, String password) {
    var config = new Config().setUsername("refold-writer").setPassword(password);
    config.useSingleServer().setAddress(address);
    var store = RedisEventStore.to(config).open();
    return store;
  }

  private static void append(EventStore store, Append append, Consumer<String> log) {
    try {
      store.append(append);
    } catch (StoreRefusedException refused) {
      log.accept(refused.getMessage());
    }
  }

  private static void warn(RedisEventStore store, Consumer<String> log) {
    store.warnings().forEach(log);
  }

  @Test
  void aRefusalSaysWhatWasAskedFor() {
    try (var redis =
            EmbeddedRedis.start(
                "user refold-writer on >pass~%/@ ~* +@all -xadd -config", "appendonly yes");
        var store = open(redis.url(), "pass~%/@")) {
      var logged = new ArrayList<String>();
      warn(store, logged::add);
      assertThat(logged).element(1).asString().contains("CONFIG GET is not permitted");
      logged.clear();
      var line = List.of(new LineAdded("pen", 1));
      append(store, Append.of(Orders.ORDERS, "o-1", ExpectedVersion.any(), line), logged::add);
      assertThat(logged).singleElement().asString().contains("Redis refuses the append to ");
    }
  }
}
