package io.refold.eventstore;

import static io.refold.eventstore.PersonalEvents.STREAM;
import static io.refold.eventstore.PersonalEvents.codec;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import io.refold.eventstore.PersonalEvents.Address;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Marks that would not be honoured. */
class PersonalDataCheckTest {
  private final SubjectKeys keys = new InMemorySubjectKeys();

  sealed interface Unencrypted {
    record Deep(List<Map<String, Optional<Address>>> addresses) implements Unencrypted {}
  }

  sealed interface UnencryptedArgument {
    record Kept(Holder<Address> address) implements UnencryptedArgument {}

    record Holder<T>(T held) {}
  }

  sealed interface Primitive {
    record Born(@PersonalData int year) implements Primitive {}
  }

  sealed interface NoSubject {
    record Born(@PersonalData(subject = "who") String place) implements NoSubject {}
  }

  sealed interface SecretSubject {
    record Born(@PersonalData String who, @PersonalData(subject = "who") String place)
        implements SecretSubject {}
  }

  sealed interface BadReplacement {
    record Born(@PersonalData(replacement = "soon") LocalDate day) implements BadReplacement {}
  }

  sealed interface NotARecord {
    record Born(Place place) implements NotARecord {}

    class Place {
      @PersonalData @Nullable String name;
    }
  }

  sealed interface OwnJson {
    record Born(@PersonalData String place) implements OwnJson {
      @JsonValue
      String json() {
        return place;
      }
    }
  }

  sealed interface HalfMarked {
    record Born(@PersonalData @Nullable String name) implements HalfMarked {
      @JsonCreator
      static Born of(@JsonProperty("name") @Nullable String name) {
        return new Born(name);
      }
    }
  }

  sealed interface Unwrapped {
    record Born(@PersonalData @JsonUnwrapped Address place) implements Unwrapped {}
  }

  @Test
  void marksThatCannotBeHonouredAreRefusedWhenTheCodecIsMade() {
    for (Class<?> root : List.of(Unencrypted.class, UnencryptedArgument.class)) {
      assertThatThrownBy(() -> EventCodec.json(root))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Address.city is personal data, and the codec has no keys");
    }
    Map.of(
            Primitive.class, "Born.year cannot become null",
            NoSubject.class, "names 'who' as its subject, which is no component beside it",
            SecretSubject.class, "names 'who' as its subject, which is personal data, too",
            BadReplacement.class, "has a replacement that is not the JSON of its type",
            HalfMarked.class, "mark its creator's parameter, too",
            NotARecord.class, "only components of records can be",
            OwnJson.class, "would write it in clear",
            Unwrapped.class, "would write it in clear")
        .forEach((root, message) ->
            assertThatThrownBy(() -> codec(root, keys), message)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message));
  }

  @Test
  void whatNoDeclaredTypeShowsIsNotWrittenInClearEither() {
    record Hidden(@PersonalData String secret) {}
    EventCodec<Anything> blind = EventCodec.json(Anything.class);

    assertThatThrownBy(() -> blind.encode(STREAM, new Anything.Said(new Hidden("s"))))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("has no keys to encrypt it");
  }

  sealed interface Anything {
    record Said(Object what) implements Anything {}
  }
}
