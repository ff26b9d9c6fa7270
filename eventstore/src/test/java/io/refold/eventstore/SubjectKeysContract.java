package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What all keys of subjects do; an implementation says how to get them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class SubjectKeysContract {
  private static final StreamId A = new StreamId("person", "a");
  private static final StreamId B = new StreamId("order", "b {1}:2");

  private final String subject = UUID.randomUUID().toString();

  /** Returns keys; they may hold other tests' subjects. */
  protected abstract SubjectKeys keys();

  @Test
  void aSubjectHasOneKeyOf256BitsForAllItsStreams() {
    SecretKey key = keys().forWriting(subject, A);

    assertThat(key.getAlgorithm()).isEqualTo("AES");
    assertThat(key.getEncoded()).hasSize(32);
    assertThat(keys().forWriting(subject, A)).isEqualTo(key);
    assertThat(keys().forWriting(subject, B)).isEqualTo(key);
    assertThat(keys().forReading(subject)).contains(key);
    assertThat(keys().forWriting("another " + subject, A)).isNotEqualTo(key);
  }

  @Test
  void threadsThatNeedANewKeyAtOnceGetTheSame() throws Exception {
    var found = new ArrayList<SecretKey>();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<SecretKey> write = () -> keys().forWriting(subject, A);
      List<Callable<SecretKey>> writes = List.of(write, write, write, write, write, write);
      for (Future<SecretKey> key : executor.invokeAll(writes)) {
        found.add(key.get());
      }
    }

    assertThat(found).hasSize(6).containsOnly(found.getFirst());
    assertThat(keys().forReading(subject)).contains(found.getFirst());
  }

  @Test
  void aForgottenSubjectHasNoKeyAndGetsNoneAgain() {
    keys().forWriting(subject, A);
    keys().forWriting(subject, B);
    Instant before = Instant.now().minusSeconds(60);

    SubjectKeys.Tombstone tombstone = keys().forget(subject);

    assertThat(tombstone.at()).isBetween(before, Instant.now().plusSeconds(60));
    assertThat(tombstone.streams()).containsExactlyInAnyOrder(A, B);
    assertThat(keys().forReading(subject)).isEmpty();
    for (StreamId stream : List.of(A, new StreamId("person", "new"))) {
      assertThatThrownBy(() -> keys().forWriting(subject, stream))
          .isInstanceOf(EventNotStorableException.class)
          .hasMessage(
              "subject '%s' was forgotten at %s: use another subject id (nothing was written)"
                  .formatted(subject, tombstone.at()));
    }
  }

  @Test
  void forgettingAgainTellsTheSameTimeAndStreams() {
    keys().forWriting(subject, A);

    SubjectKeys.Tombstone first = keys().forget(subject);

    assertThat(keys().forget(subject)).isEqualTo(first);
  }

  @Test
  void aSubjectWithoutDataCanBeForgottenToo() {
    assertThat(keys().forget(subject).streams()).isEmpty();

    assertThat(keys().forReading(subject)).isEmpty();
    assertThatThrownBy(() -> keys().forWriting(subject, A))
        .isInstanceOf(EventNotStorableException.class);
  }

  @Test
  void aKeyThatIsMissingWithoutATombstoneIsLost() {
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> keys().forReading(subject))
          .isInstanceOf(SubjectKeyLostException.class)
          .hasMessageContaining("the key of subject '%s' is missing".formatted(subject))
          .hasMessageContaining("restore it from its backup");
    }
    SecretKey key = keys().forWriting(subject, A);
    assertThat(keys().forReading(subject)).contains(key);
  }

  @Test
  void subjectsMayHaveAnyNameAndNeverMeet() {
    List<String> names =
        List.of("ä " + subject, subject + "}", "{" + subject, subject + "}:seal", subject + ":x");
    var found = names.stream().map(name -> keys().forWriting(name, A)).toList();

    assertThat(found).doesNotHaveDuplicates();
    keys().forget(names.getFirst());
    for (int i = 1; i < names.size(); i++) {
      assertThat(keys().forReading(names.get(i))).contains(found.get(i));
    }
  }

  @Test
  void takingNoticeOfAForgettingThatDidNotHappenLosesNothing() {
    SecretKey key = keys().forWriting(subject, A);
    SecretKey seal = keys().forSealing(A);

    keys().forgotten(subject);

    assertThat(keys().forReading(subject)).contains(key);
    assertThat(keys().forOpening(A)).contains(seal);
  }

  @Test
  void snapshotsOfAStreamHaveAKeyThatCanBeReplaced() {
    var stream = new StreamId("person", subject);
    assertThat(keys().forOpening(stream)).isEmpty();

    SecretKey first = keys().forSealing(stream);

    assertThat(first.getEncoded()).hasSize(32);
    assertThat(keys().forSealing(stream)).isEqualTo(first);
    assertThat(keys().forOpening(stream)).contains(first);
    assertThat(keys().forSealing(new StreamId("order", subject))).isNotEqualTo(first);
    keys().discardSeal(stream);
    keys().discardSeal(stream);
    assertThat(keys().forOpening(stream)).isEmpty();
    SecretKey second = keys().forSealing(stream);
    assertThat(second).isNotEqualTo(first);
    assertThat(keys().forOpening(stream)).contains(second);
  }
}
