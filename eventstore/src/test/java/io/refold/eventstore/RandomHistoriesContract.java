package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Deposited;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random histories: appends that expect this or that, to one stream or several, sent again after
 * their reply was lost, commands through handlers that keep states and take snapshots, streams that
 * are closed and deleted, snapshots that come late, reads of parts. After each step the store says
 * what maps and lists say; in the end its streams and logs are theirs.
 */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class RandomHistoriesContract {
  private static final int STORIES = 60;
  private static final int STEPS = 80;
  private static final List<String> IDS = List.of("a", "b", "c", "d");

  /** Returns a store that nobody else writes to; it may hold other tests' streams. */
  protected abstract EventStore store();

  /** What a story is made of. Streams are numbers, a and b are for commands. */
  private sealed interface Step {
    /** Appends; {@code off} is added to the version that is expected, 9 stands for any. */
    record Write(String first, String second, int off, int events, int id) implements Step {}

    record SendAgain(int back) implements Step {}

    record End(String stream, String how) implements Step {}

    record Command(int handler, String stream, int id) implements Step {}

    record Save(String stream, int behind) implements Step {}

    record Load(String stream) implements Step {}

    record Read(String stream, int after, int limit) implements Step {}
  }

  @Test
  void aStoreSaysWhatMapsAndListsSay() {
    Stories.play(STORIES, RandomHistoriesContract::tell, steps -> new Story(store()).play(steps));
  }

  private static List<Step> tell(Random random) {
    var steps = new ArrayList<Step>();
    boolean ends = random.nextInt(3) == 0;
    for (int i = 0; i < STEPS; i++) {
      String stream = IDS.get(random.nextInt(IDS.size()));
      String second = IDS.get(random.nextInt(IDS.size()));
      steps.add(
          switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4 ->
                new Step.Write(
                    stream,
                    random.nextInt(3) == 0 ? second : stream,
                    List.of(9, 9, 0, 0, -1, 1).get(random.nextInt(6)),
                    random.nextInt(12) == 0 ? 130 : 1 + random.nextInt(3),
                    i);
            case 5, 6, 7 -> new Step.SendAgain(random.nextInt(6));
            case 8 ->
                ends && random.nextInt(3) == 0
                    ? new Step.End(stream, random.nextBoolean() ? "CLOSED" : "DELETED")
                    : new Step.SendAgain(0);
            case 9, 10, 11, 12 ->
                new Step.Command(
                    random.nextInt(2),
                    IDS.get(random.nextInt(2)),
                    random.nextInt(4) == 0 ? i : random.nextInt(STEPS));
            case 13, 14 -> new Step.Save(IDS.get(2 + random.nextInt(2)), random.nextInt(4));
            case 15, 16 -> new Step.Load(IDS.get(2 + random.nextInt(2)));
            default -> new Step.Read(stream, random.nextInt(5), 1 + random.nextInt(5));
          });
    }
    return steps;
  }

  /** Adds up deposits; takes every one. */
  private static final class Sums implements Decider<Long, Long, Accounts.Event> {
    @Override
    public Long initialState() {
      return 0L;
    }

    @Override
    public List<Accounts.Event> decide(Long command, Long sum, Context context) {
      return List.of(new Deposited(command));
    }

    @Override
    public Long evolve(Long sum, Accounts.Event event) {
      return event instanceof Deposited(long cents) ? sum + cents : sum;
    }
  }

  private static final class Story {
    private final EventStore store;
    private final PlainStore plain = new PlainStore();
    private final String route = UUID.randomUUID().toString();
    private final int partition;
    private final long before;
    private final List<Runnable> sent = new ArrayList<>();
    private final List<CommandHandler<Long, Long, Accounts.Event>> handlers = new ArrayList<>();

    Story(EventStore store) {
      this.store = store;
      this.partition = store.partitionOf(id("a"));
      this.before = store.head(partition).position().sequence();
      for (int every : List.of(2, 7)) {
        handlers.add(
            CommandHandler.on(store, Accounts.ACCOUNTS, new Sums())
                .cache(StateCache.states(2))
                .snapshots(StateCodec.json(Long.class), SnapshotRule.every(every))
                .build());
      }
    }

    private StreamId id(String letter) {
      return Accounts.ACCOUNTS.stream(route + "/" + letter);
    }

    private static String letter(StreamId stream) {
      return stream.id().substring(stream.id().indexOf('/') + 1);
    }

    void play(List<Step> steps) {
      steps.forEach(this::play);
      checkEverything();
    }

    private void play(Step step) {
      switch (step) {
        case Step.Write write -> write(write);
        case Step.SendAgain(int back) -> {
          if (back < sent.size()) {
            sent.get(sent.size() - 1 - back).run();
          }
        }
        case Step.End(String stream, String how) -> {
          StreamMark mark =
              how.equals("CLOSED") ? new StreamMark.Closed() : new StreamMark.Deleted();
          assertThat(text(store.mark(id(stream), mark, ExpectedVersion.any(), "mark")))
              .isEqualTo(plain.mark(stream, how));
        }
        case Step.Command(int handler, String stream, int number) ->
            command(handlers.get(handler), stream, number);
        case Step.Save(String stream, int behind) -> save(stream, behind);
        case Step.Load(String stream) -> {
          var loaded = store.snapshots().load(id(stream), "raw", 100);
          long version = loaded.snapshot() == null ? 0 : loaded.snapshot().version();
          assertThat(version).as("snapshot of %s", stream).isEqualTo(plain.saved(stream));
          same(loaded.events(), stream, Math.max(0, version - 1), 100);
        }
        case Step.Read(String stream, int after, int limit) ->
            same(store.read(id(stream), after, limit), stream, after, limit);
      }
    }

    private void write(Step.Write write) {
      var expected = new TreeMap<String, Long>();
      for (String letter : List.of(write.first(), write.second())) {
        long version = plain.stream(letter).version;
        expected.put(letter, write.off() == 9 ? -1 : Math.max(0, version + write.off()));
      }
      var cents = new ArrayList<Long>();
      for (long i = 1; i <= write.events(); i++) {
        cents.add(write.id() * 1_000L + i);
      }
      String commandId = "c" + write.id();
      Append append = null;
      for (var one : expected.entrySet()) {
        List<Deposited> events = cents.stream().map(Deposited::new).toList();
        String id = id(one.getKey()).id();
        ExpectedVersion version =
            one.getValue() < 0
                ? ExpectedVersion.any()
                : one.getValue() == 0
                    ? ExpectedVersion.noStream()
                    : ExpectedVersion.exactly(one.getValue());
        append =
            append == null
                ? Append.of(Accounts.ACCOUNTS, id, version, events)
                : append.and(Accounts.ACCOUNTS, id, version, events);
      }
      if (append == null) {
        throw new AssertionError("nothing to append");
      }
      Append whole = append.withCommandId(commandId);
      sent.add(() ->
          assertThat(text(store.append(whole)))
              .isEqualTo(plain.append(expected, cents, commandId)));
      sent.getLast().run();
    }

    private String text(AppendResult result) {
      return switch (result) {
        case AppendResult.Appended appended -> {
          var versions = new TreeMap<String, Long>();
          appended.versions().forEach((stream, version) -> versions.put(letter(stream), version));
          assertThat(appended.position()).isEqualTo(store.head(partition).position());
          yield (appended.repeat() ? "repeat " : "appended ") + versions;
        }
        case AppendResult.Conflict(List<AppendResult.Missed> missed) ->
            "conflict "
                + missed.stream()
                    .map(one ->
                        "%s at %d [%s]"
                            .formatted(
                                letter(one.stream()),
                                one.version(),
                                one.events().stream()
                                    .map(event -> event.version() + commandId(event))
                                    .collect(Collectors.joining(" "))))
                    .toList();
        case AppendResult.Refused(StreamId stream, AppendResult.Reason reason) ->
            "refused " + letter(stream) + " " + reason;
        case AppendResult.Unknown unknown -> "unknown " + unknown.cause();
      };
    }

    private static String commandId(StoredEvent event) {
      return StreamMark.of(event).isPresent() ? "mark" : event.commandId();
    }

    private void command(
        CommandHandler<Long, Long, Accounts.Event> handler, String letter, int number) {
      String commandId = "h" + number;
      PlainStore.Stream stream = plain.stream(letter);
      boolean known = stream.last(commandId, 0) != null;
      boolean written =
          stream.entries.stream().anyMatch(entry -> entry.commandId().equals(commandId));
      if (written && !known) {
        return; // too long ago to be recognised for certain
      }
      var options = CommandOptions.defaults().withCommandId(commandId);
      try {
        var handled = handler.handle(id(letter).id(), (long) number, options);
        assertThat(handled.repeat()).as("%s is a repeat", commandId).isEqualTo(known);
        if (!known) {
          assertThat(stream.ended).as("%s has ended", letter).isEmpty();
          plain.append(Map.of(letter, -1L), List.of((long) number), commandId);
        }
        assertThat(handled.state()).as("sum of %s", letter).isEqualTo(stream.cents());
        assertThat(handled.version()).as("version of %s", letter).isEqualTo(stream.version);
      } catch (StreamClosedException refused) {
        assertThat(stream.ended).as("%s is refused", letter).isNotEmpty();
        assertThat(known).as("%s is a repeat", commandId).isFalse();
      }
    }

    private void save(String letter, int behind) {
      long version = plain.stream(letter).version - behind;
      if (version < 1) {
        return;
      }
      List<StoredEvent> there = store.read(id(letter), version - 1, 1);
      if (there.isEmpty() || there.getFirst().version() != version) {
        return;
      }
      Position position = there.getFirst().position();
      var snapshot =
          new SnapshotStore.Snapshot(version, position, "raw", new byte[] {1}, new byte[] {2});
      assertThat(store.snapshots().save(id(letter), snapshot).toCompletableFuture().join())
          .as("snapshot of %s at %d", letter, version)
          .isEqualTo(plain.save(letter, version));
    }

    private void same(List<StoredEvent> events, String letter, long after, int limit) {
      assertThat(events)
          .extracting(event -> event.version() + commandId(event) + cents(event))
          .containsExactlyElementsOf(
              plain.stream(letter).behind(after).stream()
                  .limit(limit)
                  .map(entry -> entry.version() + entry.commandId() + entry.cents())
                  .toList());
    }

    private static long cents(StoredEvent event) {
      return Accounts.ACCOUNTS.read(event).stream()
          .mapToLong(recorded -> ((Deposited) recorded.event()).cents())
          .sum();
    }

    private void checkEverything() {
      IDS.forEach(letter -> same(store.read(id(letter), 0, 10_000), letter, 0, 10_000));
      List<LogEntry> log = store.readLog(partition, before, 10_000);
      assertThat(log)
          .extracting(entry -> entry.position().sequence() - before)
          .containsExactlyElementsOf(
              java.util.stream.LongStream.rangeClosed(1, plain.log.size()).boxed().toList());
      var written = new ArrayList<Map<String, Integer>>();
      for (LogEntry entry : log) {
        var streams = new HashMap<String, Integer>();
        entry.pointers().forEach(p -> streams.put(letter(p.stream()), p.count()));
        written.add(streams);
      }
      assertThat(written).isEqualTo(plain.log);
      var positions = new TreeSet<Long>();
      for (StoredEvent event : store.fetch(log, category -> true)) {
        positions.add(event.position().sequence());
      }
      assertThat(plain.log.size()).isGreaterThanOrEqualTo(positions.size());
    }
  }
}
