package io.refold.projections;

import io.refold.eventstore.Append;
import io.refold.eventstore.Category;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Protection;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Guests of a hotel, whose names can be forgotten: as with keys in a cache, a codec goes on reading
 * a name until it takes notice.
 */
final class Guests {
  static final String REPLACEMENT = "(forgotten)";

  private Guests() {}

  sealed interface GuestEvent {}

  record Registered(String subject, String name) implements GuestEvent {}

  record Stayed(int nights) implements GuestEvent {}

  /** What a guest's row says. */
  record Guest(String names, int nights, int events) {}

  /** Replaces the names of the subjects that were forgotten, as far as it has been told. */
  static final class Codec implements EventCodec<GuestEvent>, Protection {
    private final EventCodec<GuestEvent> json = EventCodec.json(GuestEvent.class);
    private final Set<String> forgotten = ConcurrentHashMap.newKeySet();

    @Override
    public EncodedEvent encode(StreamId stream, GuestEvent event) {
      return json.encode(stream, event);
    }

    @Override
    public List<GuestEvent> decode(StoredEvent stored) {
      return json.decode(stored).stream().map(this::readable).toList();
    }

    private GuestEvent readable(GuestEvent event) {
      return switch (event) {
        case Registered(String subject, String name) when forgotten.contains(subject) ->
            new Registered(subject, REPLACEMENT);
        case Registered registered -> registered;
        case Stayed stayed -> stayed;
      };
    }

    @Override
    public Protection protection() {
      return this;
    }

    @Override
    public byte[] seal(StreamId stream, byte[] state) {
      return state;
    }

    @Override
    public byte @Nullable [] open(StreamId stream, byte[] sealed) {
      return sealed;
    }

    @Override
    public void forgotten(String subject) {
      forgotten.add(subject);
    }
  }

  /** A category whose codec has not been told of anything. */
  static Category<GuestEvent> category(String name) {
    return new Category<>(name, new Codec());
  }

  static void append(EventStore events, String id, GuestEvent... written) {
    Shop.position(
        events.append(Append.of(category("guest"), id, ExpectedVersion.any(), List.of(written))));
  }

  static void forget(EventStore events, String id, String subject) {
    Shop.position(
        events.mark(
            category("guest").stream(id),
            new StreamMark.Forgotten(subject),
            ExpectedVersion.any(),
            "forget-" + subject));
  }

  static @Nullable Guest evolve(String key, @Nullable Guest guest, Recorded<GuestEvent> recorded) {
    Guest before = guest == null ? new Guest("", 0, 0) : guest;
    return switch (recorded.event()) {
      case Registered(String subject, String name) ->
          new Guest(
              before.names().isEmpty() ? name : before.names() + " and " + name,
              before.nights(),
              before.events() + 1);
      case Stayed(int nights) ->
          new Guest(before.names(), before.nights() + nights, before.events() + 1);
    };
  }

  /** Rows of guests, by sources that are given. */
  record View(String name, List<Source<Guest>> sources) implements Projection<Guest> {
    /** A row per guest. */
    static View byGuest() {
      return new View("guests", List.of(Source.byStream(category("guest"), Guests::evolve)));
    }

    /** A row for all guests. */
    static View inAll() {
      return new View("in-all", List.of(all()));
    }

    /** A row per guest, and one for all. */
    static View ofBothKinds() {
      return new View("both", List.of(Source.byStream(category("guest"), Guests::evolve), all()));
    }

    /** A row per guest, from two streams of the same id. */
    static View ofTwoStreams() {
      return new View(
          "two",
          List.of(
              Source.byStream(category("guest"), Guests::evolve),
              Source.byStream(category("bill"), Guests::evolve)));
    }

    private static Source<Guest> all() {
      return Source.keyed(category("guest"), recorded -> List.of("all"), Guests::evolve);
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Guest> rowType() {
      return Guest.class;
    }
  }
}
