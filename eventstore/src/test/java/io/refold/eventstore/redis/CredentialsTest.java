package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;
import org.slf4j.LoggerFactory;

/** Passwords are in no log line and no exception, whatever goes wrong. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CredentialsTest {
  private static final String PASSWORD = "s3cret-of-the-writer";

  private final Queue<String> logged = new ConcurrentLinkedQueue<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Logger ours = (Logger) LoggerFactory.getLogger("io.refold");
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          logged.add(
              event.getFormattedMessage() + ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
      };

  @BeforeEach
  void listen() {
    appender.start();
    ours.setLevel(Level.TRACE);
    root.addAppender(appender);
  }

  @AfterEach
  void stopListening() {
    root.detachAppender(appender);
    ours.setLevel(null);
  }

  private void assertHidden(Throwable failure) {
    var trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace)); // with all causes and what is suppressed
    assertThat(trace.toString()).doesNotContain(PASSWORD);
    assertThat(logged).noneMatch(line -> line.contains(PASSWORD));
  }

  private Throwable failure(ThrowingCallable call) {
    Throwable failure = catchThrowable(call);
    assertThat(failure).isNotNull();
    assertHidden(failure);
    return failure;
  }

  private static String url(int port) {
    return "redis://writer:%s@127.0.0.1:%d".formatted(PASSWORD, port);
  }

  @Test
  void notWhenTheyAreWrong() {
    try (var redis = EmbeddedRedis.start("user writer on >other ~* &* +@all")) {
      assertThat(failure(() -> RedisEventStore.connect(url(redis.port()))))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("127.0.0.1:" + redis.port())
          .hasMessageContaining("WRONGPASS")
          .hasMessageContaining("give this program the user and password of the server");

      var config = new Config().setPassword(PASSWORD);
      config.useSingleServer().setAddress(redis.url());
      assertThat(failure(() -> RedisEventStore.connect(config)))
          .isInstanceOf(StoreUnavailableException.class);
    }
  }

  @Test
  void notWhenTheyAreMissing() {
    try (var redis = EmbeddedRedis.start("requirepass " + PASSWORD)) {
      assertThat(failure(() -> RedisEventStore.connect(redis.url())))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("NOAUTH");
    }
  }

  @Test
  void notWhenTheServerIsNotThere() {
    assertThat(failure(() -> RedisEventStore.connect(url(1))))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("127.0.0.1");
    assertThat(
            failure(
                () -> RedisEventStore.connect("redis://:%s@refold.invalid:1".formatted(PASSWORD))))
        .isInstanceOf(StoreUnavailableException.class);
  }

  @Test
  void notWhenTheAddressIsNone() {
    for (String url :
        new String[] {
          "redis://writer:%s@host:port",
          "http://writer:%s@host",
          "redis://writer:%s @host",
          "redis://writer:%s@host/x",
          "redis://writer:%s@host?a=b",
          "redis://%s",
          "%s",
          "redis://a@%s@b"
        }) {
      ThrowingCallable connect = () -> RedisEventStore.to(url.formatted(PASSWORD + "{"));
      assertThat(failure(connect)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void notWhenAPermissionIsMissingOrThePasswordChanges() {
    String all = "user writer on >" + PASSWORD + " ~* &* +@all";
    try (var redis = EmbeddedRedis.start(all + " -hset");
        var raw = new RawRedis(redis)) {
      assertThat(failure(() -> RedisEventStore.connect(url(redis.port()))))
          .isInstanceOf(StoreRefusedException.class);
      raw.command("ACL", "SETUSER", "writer", "+hset");
      try (var store = RedisEventStore.connect(url(redis.port()))) {
        raw.command("ACL", "SETUSER", "writer", "resetpass", ">another");
        raw.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        assertThat(failure(() -> store.head(0))).isInstanceOf(EventStoreException.class);
      }
    }
  }
}
