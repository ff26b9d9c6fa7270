package io.refold.eventstore;

import static io.refold.eventstore.EventStoreContract.newId;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.People.Command;
import io.refold.eventstore.People.Event;
import io.refold.eventstore.People.Note;
import io.refold.eventstore.People.Noted;
import io.refold.eventstore.People.Person;
import io.refold.eventstore.People.Register;
import io.refold.eventstore.People.Registered;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is forgotten is gone everywhere, and nothing fails for it; on whatever store and keys. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ForgettingContract {
  private final String id = newId();
  private final String agent = "agent-" + newId();

  /** Returns a store; it may hold other tests' streams. */
  protected abstract EventStore store();

  /** Returns keys; they may hold other tests' subjects. */
  protected abstract SubjectKeys keys();

  /** Returns keys of another process. */
  protected abstract SubjectKeys keysElsewhere();

  private CommandHandler<Command, Person, Event> caching(SubjectKeys keys) {
    return CommandHandler.on(store(), People.people(keys), new People.PersonDecider()).build();
  }

  private List<Event> events(String person) {
    return store().read(People.people(keys()), person, 0, 100).events().stream()
        .map(Recorded::event)
        .toList();
  }

  private List<StreamMark> marks(StreamId stream) {
    return store().read(stream, 0, 100).stream()
        .flatMap(stored -> StreamMark.of(stored).stream())
        .toList();
  }

  private Forgetting forgetting() {
    return Forgetting.on(store(), keys());
  }

  private static StreamId person(String id) {
    return new StreamId("person", id);
  }

  @Test
  void eventsReplayWithTheirReplacementsAndTheRestStays() {
    var people = People.handler(store(), keys());
    people.handle(id, new Register("Alice", 1979, "de"));
    people.handle(id, new Note(agent, "friendly"));

    Forgetting.Forgotten forgotten = forgetting().forget(id);

    assertThat(forgotten.subject()).isEqualTo(id);
    assertThat(forgotten.marked()).containsExactly(person(id));
    assertThat(forgotten.deleted()).isEmpty();
    assertThat(events(id))
        .containsExactly(new Registered("[forgotten]", 0, "de"), new Noted(agent, "friendly"));
    assertThat(people.load(id).state())
        .isEqualTo(new Person("[forgotten]", 0, List.of("friendly")));
    assertThat(marks(person(id))).containsExactly(new StreamMark.Forgotten(id));
  }

  @Test
  void everyStreamWithDataOfTheSubjectIsMarkedWhetherClosedOrNot() {
    List<String> ids = List.of(newId(), newId(), newId(), newId());
    var people = People.handler(store(), keys());
    ids.forEach(other -> people.handle(other, new Note(agent, "about " + other)));
    people.handle(ids.get(3), new Note("another " + agent, "kept"));
    store().close(person(ids.get(1)), ExpectedVersion.any());
    store().delete(person(ids.get(2)), ExpectedVersion.any());

    Forgetting.Forgotten forgotten = forgetting().forget(agent);

    assertThat(forgotten.marked())
        .containsExactlyInAnyOrder(person(ids.get(0)), person(ids.get(1)), person(ids.get(3)));
    assertThat(forgotten.deleted()).containsExactly(person(ids.get(2)));
    assertThat(marks(person(ids.get(1))))
        .containsExactly(new StreamMark.Closed(), new StreamMark.Forgotten(agent));
    assertThat(marks(person(ids.get(2)))).containsExactly(new StreamMark.Deleted());
    assertThat(people.load(ids.get(3)).state().notes()).containsExactly("[gone]", "kept");
  }

  @Test
  void forgettingAgainDoesNothingTwice() {
    People.handler(store(), keys()).handle(id, new Register("Alice", 1979, "de"));

    Forgetting.Forgotten first = forgetting().forget(id);

    assertThat(forgetting().forget(id)).isEqualTo(first);
    assertThat(marks(person(id))).hasSize(1);
  }

  @Test
  void nothingPersonalIsWrittenForSomebodyForgotten() {
    var people = People.handler(store(), keys());
    people.handle(id, new Register("Alice", 1979, "de"));
    forgetting().forget(id);
    long version = people.load(id).version();

    assertThatThrownBy(() -> people.handle(id, new Register("Alice", 1979, "de")))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("subject '%s' was forgotten".formatted(id));
    assertThat(people.load(id).version()).isEqualTo(version);
    assertThat(people.handle(id, new Note(agent, "others go on")).state().notes())
        .containsExactly("others go on");
  }

  @Test
  void keptStatesOfOtherProcessesAreFoldedAnew() {
    SubjectKeys elsewhere = keysElsewhere();
    var others = caching(elsewhere);
    var own = caching(keys());
    own.handle(id, new Register("Alice", 1979, "de"));
    own.handle(id, new Note(agent, "kind"));
    assertThat(others.handle(id, new Note(agent, "polite")).state())
        .isEqualTo(new Person("Alice", 1979, List.of("kind", "polite")));

    forgetting().forget(id);

    assertThat(others.handle(id, new Note(agent, "quiet")).state())
        .isEqualTo(new Person("[forgotten]", 0, List.of("kind", "polite", "quiet")));
    assertThat(own.load(id).state().name()).isEqualTo("[forgotten]");
  }

  @Test
  void snapshotsFromBeforeCannotBeReadAndLaterOnesCan() {
    var people = People.handler(store(), keys());
    people.handle(id, new Register("Alice", 1979, "de"));
    SnapshotStore.Snapshot before = untilSaved(1);
    Protection protection = People.people(keys()).codec().protection();
    assertThat(protection.open(person(id), before.state())).isNotNull();

    forgetting().forget(id);

    assertThat(load().snapshot()).isNull();
    assertThat(protection.open(person(id), before.state())).isNull();
    people.handle(id, new Note(agent, "quiet"));
    SnapshotStore.Snapshot after = untilSaved(3);
    assertThat(new String(open(protection, after), UTF_8))
        .contains("[forgotten]")
        .doesNotContain("Alice");
    assertThat(people.load(id).state().notes()).containsExactly("quiet");
  }

  private byte[] open(Protection protection, SnapshotStore.Snapshot snapshot) {
    return Objects.requireNonNull(protection.open(person(id), snapshot.state()));
  }

  private SnapshotStore.Loading load() {
    return store().snapshots().load(person(id), StateCodec.json(Person.class).fingerprint(), 10);
  }

  private SnapshotStore.Snapshot untilSaved(long version) {
    SnapshotStore.Snapshot snapshot;
    do {
      snapshot = load().snapshot();
    } while (snapshot == null || snapshot.version() < version);
    return snapshot;
  }

  @Test
  void whatACrashInterruptedIsCompletedByForgettingAgain() {
    List<String> ids = List.of(newId(), newId(), newId());
    var people = People.handler(store(), keys());
    ids.forEach(other -> people.handle(other, new Note(agent, "about " + other)));
    EventStore failing =
        marking(
            1, mark -> mark.get(), () -> new StoreUnavailableException("the line is cut", null));

    assertThatThrownBy(() -> Forgetting.on(failing, keys()).forget(agent))
        .isInstanceOf(StoreUnavailableException.class);
    assertThat(ids)
        .as("the key is gone already")
        .allSatisfy(other -> assertThat(events(other)).containsExactly(new Noted(agent, "[gone]")));
    assertThat(ids.stream().mapToInt(other -> marks(person(other)).size()).sum()).isEqualTo(1);

    Forgetting.Forgotten completed = forgetting().forget(agent);

    assertThat(completed.marked()).hasSize(3);
    assertThat(ids)
        .allSatisfy(other ->
            assertThat(marks(person(other))).containsExactly(new StreamMark.Forgotten(agent)));
  }

  @Test
  void aLostReplyIsAskedForAgainAndDoesNotMarkTwice() {
    People.handler(store(), keys()).handle(id, new Register("Alice", 1979, "de"));
    var calls = new AtomicInteger();
    EventStore losing =
        marking(
            Integer.MAX_VALUE,
            mark -> {
              AppendResult result = mark.get();
              return calls.incrementAndGet() < 3
                  ? new AppendResult.Unknown(new RuntimeException("lost"))
                  : result;
            },
            () -> new StoreUnavailableException("never", null));

    assertThat(Forgetting.on(losing, keys()).forget(id).marked()).containsExactly(person(id));

    assertThat(calls).hasValue(3);
    assertThat(marks(person(id))).hasSize(1);
    EventStore silent =
        marking(
            Integer.MAX_VALUE,
            mark -> new AppendResult.Unknown(new RuntimeException("lost")),
            () -> new StoreUnavailableException("never", null));
    assertThatThrownBy(() -> Forgetting.on(silent, keys()).forget(id))
        .isInstanceOf(ReplyLostException.class)
        .hasMessageContaining("whether person:%s is marked is not known".formatted(id))
        .hasMessageContaining("forget the subject again");
  }

  @Test
  void aStreamWhoseFirstAppendFailedIsMarkedSoThatItCannotSucceedLate() {
    Category<Event> people = People.people(keys());
    var late =
        Append.of(
            people, id, ExpectedVersion.noStream(), List.of(new Registered("Alice", 1979, "de")));

    forgetting().forget(id);

    assertThat(store().append(late)).isInstanceOf(AppendResult.Conflict.class);
    assertThat(marks(person(id))).containsExactly(new StreamMark.Forgotten(id));
  }

  @Test
  void onlyIdsOfSubjectsCanBeForgotten() {
    for (String none : List.of("", "a\nb", "x".repeat(257))) {
      assertThatThrownBy(() -> forgetting().forget(none))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("subject id");
    }
  }

  /** A store whose marks go through a function, and fail after so many. */
  private EventStore marking(
      int most,
      Function<Supplier<AppendResult>, AppendResult> through,
      Supplier<RuntimeException> failure) {
    var marked = new AtomicInteger();
    return (EventStore)
        Proxy.newProxyInstance(
            EventStore.class.getClassLoader(),
            new Class<?>[] {EventStore.class},
            (proxy, method, arguments) -> {
              Supplier<Object> call =
                  () -> {
                    try {
                      return method.invoke(store(), arguments);
                    } catch (InvocationTargetException | IllegalAccessException e) {
                      throw new IllegalStateException(e);
                    }
                  };
              if (!method.getName().equals("mark")) {
                return call.get();
              }
              if (marked.getAndIncrement() >= most) {
                throw failure.get();
              }
              return through.apply(() -> (AppendResult) call.get());
            });
  }
}
