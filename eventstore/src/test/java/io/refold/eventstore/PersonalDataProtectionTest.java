package io.refold.eventstore;

import static io.refold.eventstore.PersonalEvents.STREAM;
import static io.refold.eventstore.PersonalEvents.codec;
import static io.refold.eventstore.PersonalEvents.encoded;
import static io.refold.eventstore.PersonalEvents.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.PersonalEvents.Event;
import io.refold.eventstore.PersonalEvents.Invited;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.Test;

/** What does not decrypt, and who is told. */
class PersonalDataProtectionTest {
  private final SubjectKeys keys = new InMemorySubjectKeys();
  private final EventCodec<Event> codec = codec(Event.class, keys);

  @Test
  void whatWasCopiedToAnotherStreamOrDamagedCannotBeRead() {
    EncodedEvent stored = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    keys.forWriting("bob", STREAM);

    assertThatThrownBy(() -> codec.decode(stored(new StreamId("person", "eve"), stored)))
        .isInstanceOf(UnreadableEventException.class)
        .hasMessageContaining("'greeting' does not decrypt")
        .hasMessageContaining("was written to another stream");
    for (String damaged : List.of("AAAA", "", "A".repeat(60))) {
      assertThatThrownBy(
              () ->
                  decode(
                      "invited",
                      "{\"greeting\":{\"$personal\":\"%s\",\"of\":\"bob\"}}".formatted(damaged)),
              damaged)
          .isInstanceOf(UnreadableEventException.class)
          .hasMessageContaining("does not decrypt: it is damaged");
    }
  }

  @Test
  void aLostKeyFailsLoudlyAndIsNotReplaced() {
    EncodedEvent stored = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    EventCodec<Event> elsewhere = codec(Event.class, new InMemorySubjectKeys());

    assertThatThrownBy(() -> Category.of("person", elsewhere).read(stored(STREAM, stored)))
        .isInstanceOf(UnreadableEventException.class)
        .hasMessageContaining("event 1 of person:alice")
        .hasMessageContaining("the key of subject 'bob' is missing")
        .hasMessageContaining("restore it from its backup");
  }

  @Test
  void keysThatCannotBeReachedSayNothingAboutTheEvent() {
    EncodedEvent stored = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    EventCodec<Event> cut = codec(Event.class, new Unreachable());

    assertThatThrownBy(() -> Category.of("person", cut).read(stored(STREAM, stored)))
        .isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(() -> cut.encode(STREAM, new Invited("bob", "Dear Bob")))
        .isInstanceOf(StoreUnavailableException.class);
  }

  @Test
  void snapshotsAreEncryptedUnderAKeyThatCanBeDiscarded() {
    Protection protection = codec.protection();
    byte[] state = "the state of Alice".getBytes(StandardCharsets.UTF_8);

    byte[] sealed = protection.seal(STREAM, state);

    assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("Alice");
    assertThat(protection.open(STREAM, sealed)).isEqualTo(state);
    assertThat(protection.open(new StreamId("person", "eve"), sealed)).isNull();
    assertThat(protection.open(STREAM, state)).as("saved before there were keys").isNull();
    keys.discardSeal(STREAM);
    assertThat(protection.open(STREAM, sealed)).isNull();
    assertThat(protection.open(STREAM, protection.seal(STREAM, state))).isEqualTo(state);
    assertThat(protection.open(STREAM, sealed)).as("under the new key").isNull();
  }

  @Test
  void aCategoryThatMeetsTheMarkTakesNotice() {
    var told = new Unreachable();
    var mark = new StreamMark.Forgotten("bob").encoded();

    assertThat(Category.of("person", codec(Event.class, told)).read(stored(STREAM, mark)))
        .isEmpty();

    assertThat(told.forgotten).containsExactly("bob");
  }

  /** Keys behind a cut line. */
  private static final class Unreachable implements SubjectKeys {
    private final Set<String> forgotten = new HashSet<>();

    private static StoreUnavailableException cut() {
      return new StoreUnavailableException("the line is cut", null);
    }

    @Override
    public SecretKey forWriting(String subject, StreamId stream) {
      throw cut();
    }

    @Override
    public Optional<SecretKey> forReading(String subject) {
      throw cut();
    }

    @Override
    public Tombstone forget(String subject) {
      throw cut();
    }

    @Override
    public void forgotten(String subject) {
      forgotten.add(subject);
    }

    @Override
    public SecretKey forSealing(StreamId stream) {
      throw cut();
    }

    @Override
    public Optional<SecretKey> forOpening(StreamId stream) {
      throw cut();
    }

    @Override
    public void discardSeal(StreamId stream) {
      throw cut();
    }

    @Override
    public List<String> warnings(EventStore store) {
      return List.of();
    }

    @Override
    public void close() {}
  }

  private Event decode(String type, String json) {
    return codec.decode(stored(STREAM, encoded(type, json))).getFirst();
  }
}
