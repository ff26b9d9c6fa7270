package io.refold.sample;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExamineTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private int examine(String redis) {
    var properties = new Properties();
    properties.setProperty("redis", redis);
    return Examine.run(properties, new PrintStream(printed, true, UTF_8));
  }

  @Test
  void aServerThatKeepsItsDataIsLeftWithCodeZero() {
    try (var redis = EmbeddedRedis.start("appendonly yes");
        var store = RedisEventStore.connect(redis.url())) {
      assertThat(store.warnings()).allMatch(warning -> !warning.contains("appendonly"));
      assertThat(examine(redis.url())).isZero();
      assertThat(printed.toString(UTF_8))
          .contains("[advice] no-replica")
          .doesNotContain("[loses data]");
    }
  }

  @Test
  void aServerThatLosesDataIsLeftWithCodeOne() {
    try (var redis = EmbeddedRedis.start()) {
      assertThat(examine(redis.url())).isEqualTo(1);
      assertThat(printed.toString(UTF_8)).contains("[loses data] no-append-only-file");
    }
  }

  @Test
  void aServerThatIsNotThereIsLeftWithCodeTwo() {
    assertThat(examine("redis://127.0.0.1:1")).isEqualTo(2);
    assertThat(examine("")).isEqualTo(2);
    assertThat(printed.toString(UTF_8)).contains("cannot be examined", "Which server?");
  }
}
