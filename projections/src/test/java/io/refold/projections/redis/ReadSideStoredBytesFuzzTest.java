package io.refold.projections.redis;

import static io.refold.projections.redis.HostileReadSide.ORDERS;
import static io.refold.projections.redis.HostileReadSide.SALES;
import static io.refold.projections.redis.HostileReadSide.SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.ReplyLostException;
import io.refold.projections.Fuzz;
import io.refold.projections.IndexQuery;
import io.refold.projections.ProjectionException;
import io.refold.projections.RebuildFailedException;
import io.refold.projections.Shop;
import io.refold.projections.store.ParkedStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Whatever lies where projections keep their things, calls and workers succeed, or fail by what
 * they are documented to throw, and no event changes.
 */
class ReadSideStoredBytesFuzzTest {
  private static final Logger LOG = (Logger) LoggerFactory.getLogger("io.refold");
  private static final Failures FAILURES = new Failures();

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static HostileReadSide side;

  /** What threads of workers have failed with, and was not to be expected. */
  private static final class Failures extends AppenderBase<ILoggingEvent> {
    private final Queue<Throwable> undocumented = new ConcurrentLinkedQueue<>();

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
        take(proxy.getThrowable());
      }
    }

    void take(Throwable failure) {
      if (!documented(failure) && !(failure instanceof ReplyLostException)) { // at the end, that is
        undocumented.add(failure);
      }
    }
  }

  /** A call of what everybody may call. */
  @FunctionalInterface
  private interface Call {
    void make() throws Exception;
  }

  @BeforeAll
  static void open() throws IOException {
    LOG.setAdditive(false);
    side = new HostileReadSide();
    FAILURES.start();
    LOG.addAppender(FAILURES);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> FAILURES.undocumented.add(failure));
  }

  @AfterAll
  static void close() throws IOException {
    Thread.setDefaultUncaughtExceptionHandler(null);
    LOG.detachAppender(FAILURES);
    LOG.setAdditive(true);
    side.close();
  }

  @Test
  void callsAndWorkersSucceedOrFailAsTheySay() throws Exception {
    Fuzz.run(0.1, ReadSideStoredBytesFuzzTest::damagedReadSide);
  }

  private static void damagedReadSide(Fuzz fuzz) throws Exception {
    side.begin(fuzz.oneIn(2));
    String before = side.contentsOfEvents();
    List<String> keys = side.keysOfProjections();
    var damaged = new ArrayList<String>();
    for (int i = 1 + fuzz.upTo(3); i > 0; i--) {
      String key = fuzz.oneIn(3) ? "refold:views" : fuzz.pick(keys);
      side.damage(fuzz, key);
      damaged.add(key);
    }
    String described = "%s damaged".formatted(damaged);
    if (fuzz.oneIn(4)) {
      succeedsOrFails(described, () -> work(described, fuzz));
    } else {
      for (int i = 0; i < 5; i++) {
        int call = fuzz.upTo(12);
        succeedsOrFails(described + ", call " + call, () -> call(call, fuzz));
      }
    }
    assertThat(FAILURES.undocumented).as(described).isEmpty();
    assertThat(side.contentsOfEvents()).as(described).isEqualTo(before);
  }

  private static void succeedsOrFails(String described, Call call) throws Exception {
    try {
      call.make();
    } catch (EventStoreException | ProjectionException told) {
      assertThat(documented(told)).as("%s: %s", described, told).isTrue();
      assertThat(told).as(described).hasMessageMatching("(?s).{20,}");
    } catch (IllegalArgumentException misuse) {
      assertThat(misuse).as(described).hasMessageMatching("(?s).*(is not parked|cursor).*");
    } catch (IllegalStateException other) {
      assertThat(other).as(described).hasMessageContaining("another kind");
    } catch (RuntimeException | Error undocumented) {
      throw new AssertionError(described, undocumented);
    }
  }

  private static boolean documented(@Nullable Throwable failure) {
    return switch (failure) {
      case ReplyLostException lost -> false; // the server is there and answers
      case RebuildFailedException failed ->
          failed.getCause() == null || documented(failed.getCause());
      case EventStoreException told -> true;
      case ProjectionException told -> true;
      case null, default -> false;
    };
  }

  private static void call(int call, Fuzz fuzz) throws Exception {
    var orders = side.store().readModel(ORDERS);
    var parked = side.store().parked(ORDERS);
    switch (call) {
      case 0 -> orders.find("o" + fuzz.upTo(6));
      case 1 -> orders.findAll(List.of("o1", "o2", "o3", "o4", "bad"));
      case 2 -> orders.stream().forEach(row -> assertThat(row.key()).isNotNull());
      case 3 -> {
        var page = orders.query(query(fuzz).limit(2));
        if (page.next().isPresent()) {
          orders.query(query(fuzz).limit(2).after(page.next().get()));
        }
      }
      case 4 -> orders.count(query(fuzz));
      case 5 -> orders.find("o1", side.last(), SHORT);
      case 6 -> orders.awaitReady(SHORT);
      case 7 -> side.store().status(fuzz.oneIn(2) ? ORDERS : SALES);
      case 8 -> {
        parked.retry(Shop.ORDERS.stream("bad"));
        parked.retryAll();
      }
      case 9 -> {
        List<ParkedStream> list = parked.list();
        if (!list.isEmpty()) {
          parked.drop(fuzz.pick(list), "not needed");
        }
      }
      case 10 -> parked.dropped();
      default -> {
        try (var doctor = side.store().doctor()) {
          assertThat(doctor.examine()).isNotNull();
        }
      }
    }
  }

  private static IndexQuery query(Fuzz fuzz) {
    IndexQuery query = IndexQuery.of(fuzz.pick(List.of("cents", "product")));
    return fuzz.oneIn(2) ? query : query.descending();
  }

  /** Lets workers start, and does something that needs them. */
  private static void work(String described, Fuzz fuzz) throws Exception {
    try (var workers = side.workers()) {
      succeedsOrFails(
          described + ", await", () -> side.store().readModel(SALES).await(side.last(), SHORT));
      int call = fuzz.upTo(5);
      succeedsOrFails(
          described + ", work " + call,
          () -> {
            switch (call) {
              case 0 -> workers.rebuild(ORDERS).await(SHORT);
              case 1 -> workers.rebuild(SALES).await(SHORT);
              case 2 -> workers.verify(fuzz.oneIn(2) ? ORDERS : SALES).await(SHORT);
              case 3 -> workers.recompute(ORDERS, "o2");
              default -> workers.status();
            }
          });
    }
  }
}
