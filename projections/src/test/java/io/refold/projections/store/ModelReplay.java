package io.refold.projections.store;

import static io.refold.projections.store.ModelNames.items;
import static io.refold.projections.store.ModelNames.many;
import static io.refold.projections.store.ModelNames.pairs;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.ProjectionStore;
import io.refold.projections.Shop;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Generations.Start;
import io.refold.projections.store.Generations.Terms;
import io.refold.projections.store.ParkedStreams.Request;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Subscriptions.Outcome;
import io.refold.projections.store.Subscriptions.Reading;
import io.refold.projections.store.Subscriptions.Settlement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes the calls of a trace on a store, and compares what they lead to. */
final class ModelReplay {
  static final int SHARDS = 2;
  private static final int PAGE = 1_000;
  private static final String PROJECTION = "model";
  private static final Shape SHAPE = new Shape(1, SHARDS, List.of(ModelShards.INDEX));

  private final ProjectionStore store;
  private final ModelTraceContract.Slots slots;
  private final Subscriptions subscriptions;
  private final ParkedStreams parked;
  private final ModelNames names = new ModelNames();
  private final ModelShards shards;
  private final Map<String, Filling> fillings = new HashMap<>();
  private Duration length = Duration.ofDays(100);

  ModelReplay(ProjectionStore store, ModelTraceContract.Slots slots) {
    this.store = store;
    this.slots = slots;
    this.subscriptions = store.subscriptions();
    this.parked = store.parkedStreams();
    this.shards = new ModelShards(store, names);
  }

  /**
   * Replays a trace.
   *
   * @throws AssertionError if a call leads to something else than in the model
   */
  void play(ModelTrace trace) {
    Layout first = store.generations().open(PROJECTION, SHAPE).orElseThrow();
    for (int shard = 0; shard < SHARDS; shard++) {
      store.views().create(first.generation(), shard);
    }
    for (int partition = 0; partition < 2; partition++) {
      subscriptions.create(partition, first.generation());
    }
    // The model begins with groups at the first entry; here they come with the hand-over.
    for (int partition = 0; partition < 2; partition++) {
      Lease lease = granted(first.generation(), partition, "first", 0);
      subscriptions.handOver(lease, Position.origin(partition));
      subscriptions.release(lease);
    }
    for (int i = 0; i < trace.lines().size(); i++) {
      ModelTrace.Line line = trace.lines().get(i);
      if (line.call().isEmpty()) {
        continue;
      }
      String outcome;
      try {
        outcome = call(new Words(line.call()), line.outcome());
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(story(trace, i), e);
      }
      if (!outcome.equals(line.outcome())) {
        throw new AssertionError(story(trace, i) + "\nhere: " + outcome);
      }
    }
  }

  private static String story(ModelTrace trace, int last) {
    return "trace '%s' differs at line %d:\n".formatted(trace.name(), last + 1)
        + String.join(
            "\n",
            trace.lines().subList(Math.max(0, last - 25), last + 1).stream()
                .map(ModelTrace.Line::text)
                .toList());
  }

  /** The words of a call: its name, then its arguments. */
  private record Words(List<String> words) {
    String at(int i) {
      return words.get(i);
    }

    int number(int i) {
      return Integer.parseInt(at(i));
    }
  }

  private static Generation generation(int number) {
    return new Generation(PROJECTION, number);
  }

  /** A lease given by partition, generation, epoch and owner. */
  private Lease lease(Words w) {
    Generation generation = generation(w.number(2));
    int partition = w.number(1);
    return new Lease(generation, partition, w.at(4), names.epoch(generation, partition, w.at(3)));
  }

  /** Each lease is asked for with a shorter length than those before, so that they have expired. */
  private Duration shorter() {
    length = length.minusHours(1);
    return length;
  }

  private Lease granted(Generation generation, int partition, String owner, long least) {
    Acquisition acquisition = subscriptions.acquire(generation, partition, owner, shorter(), least);
    if (acquisition instanceof Acquisition.Granted(Lease lease)) {
      return lease;
    }
    throw new AssertionError(acquisition);
  }

  private String call(Words w, String expected) {
    return switch (w.at(0)) {
      case "append" -> append(w, expected);
      case "acquire" -> acquire(w, expected);
      case "state" -> state(lease(w));
      case "missing" ->
          subscriptions.missing(w.number(1), names.line(w.number(1), w.at(2))).isEmpty()
              ? "done"
              : "LOST";
      case "pending" -> read(subscriptions.pending(lease(w), place(w), PAGE));
      case "next" -> read(subscriptions.next(lease(w), place(w), w.number(6)));
      case "range" -> read(subscriptions.range(lease(w), place(w), w.number(6)));
      case "handover" -> word(subscriptions.handOver(lease(w), place(w)));
      case "resolve" -> resolve(w);
      case "settle" -> settle(w);
      case "report" -> {
        Outcome outcome = subscriptions.report(lease(w), Subscriptions.LOST + "events", 0);
        subscriptions.release(lease(w));
        yield word(outcome);
      }
      case "create" -> {
        parked.inherit(w.number(1), generation(w.number(2)), generation(w.number(3)));
        subscriptions.create(w.number(1), generation(w.number(2)));
        yield "done";
      }
      case "fence" -> fence(w, expected);
      case "thaw" -> {
        subscriptions.cancel(w.number(1), generation(w.number(2)), generation(w.number(3)));
        yield "done";
      }
      case "delete" -> {
        subscriptions.delete(w.number(1), generation(w.number(2)));
        yield "done";
      }
      case "outlook" ->
          subscriptions
              .outlook(w.number(1), generation(w.number(2)))
              .map(seen ->
                  "%s %d %d"
                      .formatted(
                          names.token(seen.state().settled()),
                          seen.state().grouped() ? 1 : 0,
                          seen.state().problem().startsWith(Subscriptions.LOST) ? 1 : 0))
              .orElse("none");
      case "arrival" ->
          subscriptions
              .arrival(generation(w.number(2)), names.position(w.number(1), w.at(3)))
              .name();
      case "stream" ->
          names.line(
              store.events().read(names.stream(w.at(2)), 0, PAGE).stream()
                  .map(StoredEvent::position));
      case "park" -> word(parked.park(lease(w), names.stream(w.at(5)), w.number(6), "it fails", 1));
      case "unpark" -> word(parked.unpark(lease(w), names.stream(w.at(5))));
      case "drop" ->
          word(parked.drop(lease(w), items(w.at(5)).map(names::address).toList(), "no good"));
      case "requests" -> parked.requests(lease(w)).map(this::requests).orElse("none");
      case "asked" -> requests(parked.asked(w.number(1), generation(w.number(2))));
      case "ask" -> ask(w);
      case "dropped" ->
          names.addresses(
              parked.dropped(w.number(1), generation(w.number(2))).stream()
                  .map(DroppedEvent::event)
                  .toList());
      case "parked" ->
          many(
              parked.parked(w.number(1), generation(w.number(2))).stream()
                  .map(stream -> names.letter(stream.stream()) + stream.version()));
      case "enter" -> {
        Generation generation = generation(w.number(1));
        int partition = w.number(3);
        var lease =
            new Lease(generation, partition, w.at(5), names.epoch(generation, partition, w.at(4)));
        yield switch (store.views().fence(w.number(2), lease)) {
          case Heads.Fencing.Done done -> "done";
          case Heads.Fencing.Gone gone -> "gone";
          case Heads.Fencing.Refused(long epoch) ->
              "refused " + names.epochToken(generation, partition, epoch);
        };
      }
      case "head" -> shards.head(generation(w.number(1)), w.number(2));
      case "read" -> shards.read(generation(w.number(1)), w.number(2), w.number(3), w.at(4));
      case "commit" -> shards.commit(generation(w.number(1)), w.words());
      case "unnote" -> {
        Generation generation = generation(w.number(1));
        int partition = w.number(3);
        long epoch = names.epoch(generation, partition, w.at(4));
        var lease = new Lease(generation, partition, w.at(5), epoch);
        store.views().unnote(w.number(2), lease, names.stream(w.at(6)));
        yield "done";
      }
      case "build" -> {
        store.views().create(generation(w.number(1)), w.number(2));
        yield "done";
      }
      case "raze" -> {
        store.views().delete(generation(w.number(1)), w.number(2), SHAPE.indexes());
        yield "done";
      }
      case "all" -> shards.all(generation(w.number(1)), w.number(2));
      case "live" -> String.valueOf(live().number());
      case "rebuild" ->
          store.generations().look(PROJECTION, 1).rebuild().map(this::filling).orElse("none");
      case "gone" ->
          many(
              store.generations().look(PROJECTION, 1).gone().stream()
                  .map(layout -> String.valueOf(layout.generation().number())));
      case "start" -> start(w.at(1));
      case "keep" ->
          store.generations().keep(filling(w, 2), w.at(1), shorter()).isPresent() ? "done" : "none";
      case "flip" -> word(store.generations().flip(filling(w, 1)));
      case "cancel" -> word(store.generations().cancel(filling(w, 1)));
      case "replica" -> {
        String slot = w.at(1);
        boolean view = slot.startsWith("v");
        String[] parts = slot.substring(1).split("\\.", -1);
        slots.follow(
            slot,
            view ? Optional.of(generation(Integer.parseInt(parts[0]))) : Optional.empty(),
            Integer.parseInt(view ? parts[1] : slot));
        yield "done";
      }
      case "failover" -> {
        slots.failOver(w.at(1));
        yield "done";
      }
      case "kept" -> {
        shards.checkPromises(live());
        yield "done";
      }
      default -> throw new AssertionError("no such call: " + w);
    };
  }

  private Generation live() {
    return store.generations().look(PROJECTION, 1).live().orElseThrow().generation();
  }

  private Position place(Words w) {
    return names.position(w.number(1), w.at(5));
  }

  private static String word(boolean done) {
    return done ? "done" : "none";
  }

  private static String word(Outcome outcome) {
    return switch (outcome) {
      case DONE -> "done";
      case NOT_OWNER -> "none";
      case LOST -> "LOST";
    };
  }

  private String append(Words w, String expected) {
    Append append = null;
    for (String event : w.at(2).split(",", -1)) {
      String id = names.stream(event.substring(0, 1)).id();
      var noted = List.of(new Shop.Noted(event.substring(2)));
      append =
          append == null
              ? Append.of(Shop.NOTES, id, ExpectedVersion.any(), noted)
              : append.and(Shop.NOTES, id, ExpectedVersion.any(), noted);
    }
    if (append == null
        || !(store.events().append(append) instanceof AppendResult.Appended appended)) {
      throw new AssertionError("not appended");
    }
    Position position = appended.position();
    LogEntry entry =
        store.events().readLog(position.partition(), position.sequence() - 1, 1).getFirst();
    names.name(expected, entry);
    return names.token(position);
  }

  private String acquire(Words w, String expected) {
    Generation generation = generation(w.number(2));
    int partition = w.number(1);
    Duration asked = expected.equals("held") ? Duration.ofDays(1_000) : shorter();
    long least = names.leastEpoch(generation, partition, w.at(4));
    return switch (subscriptions.acquire(generation, partition, w.at(3), asked, least)) {
      case Acquisition.Granted(Lease lease) -> {
        names.epoch(lease, expected);
        yield expected;
      }
      case Acquisition.Held(String owner) -> owner.isEmpty() ? "lost" : "held";
      case Acquisition.Fenced fenced -> "fenced";
      case Acquisition.Gone gone -> "gone";
    };
  }

  private String state(Lease lease) {
    Optional<Subscriptions.State> state = subscriptions.state(lease);
    Optional<Parking> parking = parked.load(lease);
    if (state.isEmpty() || parking.isEmpty()) {
      return state.isEmpty() && parking.isEmpty() ? "none" : "half";
    }
    return "%s %d %s %s %s"
        .formatted(
            names.token(state.get().settled()),
            state.get().grouped() ? 1 : 0,
            many(state.get().shards(), names::token),
            many(
                parking.get().parked().entrySet().stream()
                    .map(e -> names.letter(e.getKey()) + e.getValue())),
            names.addresses(parking.get().dropped()));
  }

  private String read(Reading reading) {
    return switch (reading) {
      case Reading.NotOwner refused -> "none";
      case Reading.Lost lost -> "LOST";
      case Reading.Bounded bounded -> "-";
      case Reading.Entries(List<LogEntry> entries, boolean end) ->
          names.line(entries.stream().map(LogEntry::position));
    };
  }

  private String resolve(Words w) {
    List<LogEntry> entries = items(w.at(2)).map(token -> names.entry(w.number(1), token)).toList();
    Map<EventAddress, Position> found = new HashMap<>();
    store
        .events()
        .fetch(entries, category -> true)
        .forEach(event -> found.put(EventAddress.of(event), event.position()));
    var resolved = new StringBuilder();
    for (LogEntry entry : entries) {
      for (LogEntry.Pointer pointer : entry.pointers()) {
        for (long v = pointer.firstVersion(); v <= pointer.lastVersion(); v++) {
          if (!entry.position().equals(found.get(new EventAddress(pointer.stream(), v)))) {
            return "LOST";
          }
          resolved.append(resolved.isEmpty() ? "" : ",").append(names.letter(pointer.stream()));
          resolved.append(v);
        }
      }
    }
    return resolved.toString();
  }

  private String settle(Words w) {
    List<Position> read = names.line(w.number(1), w.at(5));
    var reached = new HashMap<Integer, Position>();
    pairs(
        w.at(6),
        (shard, token) -> reached.put(Integer.parseInt(shard), names.position(w.number(1), token)));
    Position last = read.getLast();
    return word(
        subscriptions.settle(lease(w), new Settlement(last, last.sequence(), 0, read, reached)));
  }

  private String fence(Words w, String expected) {
    Generation old = generation(w.number(2));
    return subscriptions
        .fence(w.number(1), old, generation(w.number(3)))
        .map(fence -> {
          String epoch = expected.split(" ", -1)[0];
          names.epoch(fence.lease(), epoch);
          return epoch + " " + names.token(fence.settled());
        })
        .orElse("none");
  }

  private String ask(Words w) {
    var stream = names.stream(w.at(3));
    Request request =
        w.at(4).equals("retry")
            ? new Request.Retry(stream)
            : new Request.Drop(stream, w.number(4), "no good");
    return word(parked.ask(w.number(1), generation(w.number(2)), request));
  }

  private String requests(List<Request> requests) {
    return many(
        requests.stream()
            .map(request ->
                names.letter(request.stream())
                    + ":"
                    + switch (request) {
                      case Request.Retry retry -> "retry";
                      case Request.Drop drop -> drop.version();
                    }));
  }

  private String start(String coordinator) {
    Start start =
        store
            .generations()
            .start(PROJECTION, SHAPE, Purpose.REBUILD, Terms.PLAIN, coordinator, shorter());
    if (start instanceof Start.Started(Filling filling, boolean resumed)) {
      return filling(filling);
    }
    throw new AssertionError(start);
  }

  private String filling(Filling filling) {
    String name = filling.fresh().generation().number() + " " + filling.old().generation().number();
    fillings.put(name, filling);
    return name;
  }

  private Filling filling(Words w, int from) {
    Filling filling = fillings.get(w.at(from) + " " + w.at(from + 1));
    if (filling == null) {
      throw new AssertionError("no such rebuild: " + w);
    }
    return filling;
  }
}
