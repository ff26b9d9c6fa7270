package io.refold.projections;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.FaultyStore.Fate;
import io.refold.projections.PartitionOwner.Step;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.Subscriptions.Acquisition;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Random stories: events that fail always or sometimes, rivals that take partitions over at any
 * moment, calls that fail before or after they are executed, shards that lose their rows, requests
 * to retry and to drop (a shard keeps what it has of an event that fails for the first time when
 * another shard is filled again, so no story has both losses and drops). At the end of each, every
 * event that was not dropped is in every row exactly once.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ParkingStoriesTest {
  private static final int STORIES = 300;
  private static final int STEPS = 250;
  private static final List<String> IDS = List.of("p/a", "p/b", "q/a", "r", "s");

  @BeforeAll
  static void beQuiet() {
    ((Logger) LoggerFactory.getLogger(PartitionOwner.class)).setLevel(Level.ERROR);
  }

  @AfterAll
  static void speakUp() {
    ((Logger) LoggerFactory.getLogger(PartitionOwner.class)).setLevel(null);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whateverHappensEveryEventIsInTheRowsOnceOrDroppedOnRecord(long seed) {
    for (int i = 0; i < STORIES; i++) {
      new Story(seed * 1_000_000 + i).run();
    }
  }

  private static final class Story {
    private final long seed;
    private final Random random;
    private final EventStore events =
        new InMemoryEventStore(2, Clock.systemUTC(), Limits.defaults());
    private final FaultyStore store = new FaultyStore(InMemoryProjectionStore.on(events));
    private final Ledger ledger = new Ledger();
    private final List<PartitionOwner> owners = new ArrayList<>();
    private final Set<PartitionOwner> retaking = new HashSet<>();
    private final Subscription subscription;
    private final Layout layout;
    private final boolean drops;
    private boolean faults = true;

    Story(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      this.drops = random.nextBoolean();
      var format = new RowFormat<>(ledger);
      layout = store.generations().open(format.name(), format.shape(store.shards())).orElseThrow();
      GenerationKeys.of(store, format, layout).create();
      subscription = Subscription.of(store, format, layout, SharedEvents.alone(events));
      store.fates(call ->
          faults && random.nextInt(40) == 0
              ? (random.nextBoolean() ? Fate.REFUSED : Fate.LOST)
              : Fate.FINE);
      ledger
          .refuse(13)
          .refuse(recorded ->
              faults && recorded.event().equals(new Paid(17)) && random.nextInt(2) == 0);
      hire();
    }

    private void hire() {
      for (int partition = 0; partition < events.partitions(); partition++) {
        for (String name : List.of("a", "b")) {
          owners.add(
              new PartitionOwner(
                  subscription,
                  partition,
                  name,
                  Duration.ofMinutes(1),
                  new Patience(1 + random.nextInt(3), () -> true)));
        }
      }
    }

    void run() {
      try {
        for (int i = 0; i < STEPS; i++) {
          next();
        }
        faults = false;
        ledger.mend();
        for (int i = 0; i < 50 && !settled(); i++) {
          store.parked(ledger).retryAll();
          owners.forEach(this::steal);
          for (int j = 0; j < 400; j++) {
            owners.forEach(this::step);
          }
        }
        Set<EventAddress> dropped =
            store.parked(ledger).dropped().stream()
                .map(DroppedEvent::event)
                .collect(Collectors.toSet());
        assertThat(store.parked(ledger).list()).isEmpty();
        assertThat(Shop.rows(store.readModel(ledger))).isEqualTo(Ledger.fold(events, dropped));
      } catch (Throwable e) {
        throw new AssertionError("story " + seed, e);
      }
    }

    private boolean settled() {
      return store.parked(ledger).list().isEmpty() && store.status(ledger).lag() == 0;
    }

    private void next() {
      try {
        switch (random.nextInt(60)) {
          case 59 -> {
            if (!drops) {
              loseShard();
            }
          }
          case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 -> append();
          case 10, 11, 12, 13, 14 -> ask();
          case 15, 16, 17, 18, 19 -> steal(owners.get(random.nextInt(owners.size())));
          default -> step(owners.get(random.nextInt(owners.size())));
        }
      } catch (StoreUnavailableException | ReplyLostException fault) {
        // the next one tries
      }
    }

    /** Loses all rows of a shard, as a failover to an empty replica would. */
    private void loseShard() {
      int shard = random.nextInt(store.shards());
      boolean before = faults;
      faults = false;
      store.views().delete(layout.generation(), shard, List.of());
      store.views().create(layout.generation(), shard);
      faults = before;
    }

    private void append() {
      String id = IDS.get(random.nextInt(IDS.size()));
      var sums = List.of(1L, 2L, 3L, 4L, 13L, 17L);
      for (int i = random.nextInt(3); i >= 0; i--) {
        if (random.nextInt(4) == 0) {
          Shop.append(events, id, new Placed("x"));
        } else {
          Shop.append(events, id, new Paid(sums.get(random.nextInt(sums.size()))), new Paid(5));
        }
      }
    }

    private void ask() {
      if (random.nextInt(3) == 0) {
        ledger.mend();
        ledger.refuse(random.nextBoolean() ? 13 : 2);
      }
      List<ParkedStream> parked = store.parked(ledger).list();
      if (!parked.isEmpty()) {
        ParkedStream one = parked.get(random.nextInt(parked.size()));
        if (drops && random.nextInt(4) == 0) {
          drop(one);
        } else {
          store.parked(ledger).retry(one.stream());
        }
      }
    }

    private void drop(ParkedStream parked) {
      try {
        store.parked(ledger).drop(parked, "story " + seed);
      } catch (IllegalArgumentException retried) {
        assertThat(retried).hasMessageContaining("or is being retried");
      }
    }

    /** Takes the lease for an owner, while the one who had it believes it still has it. */
    private void steal(PartitionOwner owner) {
      for (PartitionOwner rival : owners) {
        var lease = rival.lease();
        if (lease != null && rival.partition() == owner.partition()) {
          store.subscriptions().release(lease);
        }
      }
      retaking.add(owner);
      owner.acquire();
      retaking.remove(owner);
    }

    private void step(PartitionOwner owner) {
      if (owner.lease() == null) {
        return;
      }
      try {
        if (retaking.contains(owner) || owner.step() == Step.RETAKE) {
          retaking.add(owner);
          assertThat(owner.acquire()).isNotInstanceOf(Acquisition.Gone.class);
          retaking.remove(owner);
        }
      } catch (StoreUnavailableException | ReplyLostException away) {
        retaking.add(owner);
      }
      assertThat(owner.state()).as(owner.problem()).isNotEqualTo(PartitionState.LOST_HISTORY);
    }
  }
}
