package io.refold.sample.guide;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Category;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventNotStorableException;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Forgetting;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.InMemorySubjectKeys;
import io.refold.eventstore.PersonalData;
import io.refold.eventstore.Position;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.SubjectKeys;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSubjectKeys;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Source;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.guide.PrivacyGuideTest.GuestEvent.Complained;
import io.refold.sample.guide.PrivacyGuideTest.GuestEvent.Registered;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of docs/guides/privacy.md does what the guide says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PrivacyGuideTest {
  sealed interface GuestEvent {
    record Registered(
        @PersonalData(replacement = "(forgotten)") String name,
        @PersonalData @Nullable Address address,
        String country)
        implements GuestEvent {}

    /** About another guest than the one whose stream it is in. */
    record Complained(String about, @PersonalData(subject = "about", replacement = "") String what)
        implements GuestEvent {}
  }

  record Address(String street, String town) {}

  record Guest(String name, String country) {}

  /** Rows that hold personal data are folded again when it is forgotten. */
  static final class Guests implements Projection<Guest> {
    private final Category<GuestEvent> guests;

    Guests(Category<GuestEvent> guests) {
      this.guests = guests;
    }

    @Override
    public String name() {
      return "guests";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Guest> rowType() {
      return Guest.class;
    }

    @Override
    public List<Source<Guest>> sources() {
      return List.of(Source.byStream(guests, Guests::evolve));
    }

    private static Guest evolve(String id, @Nullable Guest guest, Recorded<GuestEvent> recorded) {
      return switch (recorded.event()) {
        case Registered(var name, var address, var country) -> new Guest(name, country);
        case Complained complained -> Objects.requireNonNull(guest);
      };
    }
  }

  private static Position append(
      RedisEventStore store, Category<GuestEvent> guests, String id, GuestEvent event) {
    var append = Append.of(guests, id, ExpectedVersion.any(), List.of(event));
    return ((AppendResult.Appended) store.append(append)).position();
  }

  @Test
  void aGuestIsForgotten() throws InterruptedException {
    try (var events = EmbeddedRedis.start();
        var secrets = EmbeddedRedis.start("appendonly yes", "appendfsync always")) {
      String keysUrl = secrets.url();
      try (var store = RedisEventStore.connect(events.url());
          var projections = RedisProjectionStore.on(store);
          SubjectKeys keys = RedisSubjectKeys.connect(keysUrl)) {
        Category<GuestEvent> guests =
            Category.of(
                "guest", EventCodec.jsonBuilder(GuestEvent.class).personalData(keys).build());
        var rows = new Guests(guests);
        append(store, guests, "g-71", new Registered("Kim", new Address("Via Roma", "Rome"), "IT"));
        append(store, guests, "g-72", new Registered("Lou", null, "FR"));
        Position last = append(store, guests, "g-72", new Complained("g-71", "Kim snores"));

        try (var workers = ProjectionWorkers.on(projections).add(rows).start()) {
          var guestFiles = projections.readModel(rows);
          assertThat(guestFiles.find("g-72", last, ofSeconds(5))).contains(new Guest("Lou", "FR"));

          var forgotten = Forgetting.on(store, keys).forget("g-71");

          assertThat(forgotten.marked())
              .extracting(stream -> stream.id())
              .containsExactlyInAnyOrder("g-71", "g-72");
          Position head = store.head(store.partitionOf(guests.stream("g-71"))).position();
          assertThat(guestFiles.find("g-71", head, ofSeconds(5)))
              .contains(new Guest("(forgotten)", "IT"));
          assertThat(workers.status()).isNotEmpty();
        }
        assertThat(store.history(guests, "g-71").map(Recorded::event))
            .containsExactly(new Registered("(forgotten)", null, "IT"));
        assertThat(store.history(guests, "g-72").map(Recorded::event))
            .containsExactly(new Registered("Lou", null, "FR"), new Complained("g-71", ""));
        assertThatThrownBy(() -> append(store, guests, "g-71", new Registered("Kim", null, "IT")))
            .isInstanceOf(EventNotStorableException.class);
      }
    }
  }

  @Test
  void testsNeedNoServerOfKeys() {
    var keys = new InMemorySubjectKeys();
    var store = new InMemoryEventStore();
    Category<GuestEvent> guests =
        Category.of("guest", EventCodec.jsonBuilder(GuestEvent.class).personalData(keys).build());
    GuestEvent registered = new Registered("Kim", null, "IT");
    store.append(Append.of(guests, "g-71", ExpectedVersion.any(), List.of(registered)));

    Forgetting.on(store, keys).forget("g-71");

    assertThat(store.history(guests, "g-71").map(Recorded::event))
        .containsExactly(new Registered("(forgotten)", null, "IT"));
  }
}
