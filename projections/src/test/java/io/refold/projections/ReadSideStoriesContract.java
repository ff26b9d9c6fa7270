package io.refold.projections;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.refold.projections.Baton.Fate;
import io.refold.projections.ReadSideStory.Job;
import io.refold.projections.ReadSideStory.Move;
import io.refold.projections.StoryProcess.Goal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/**
 * Random stories of several processes whose calls to the store come in any order, one at a time:
 * they take partitions over from each other at any moment, start, take over and cancel rebuilds and
 * verifications, die between two calls; calls are refused, answers lost, calls arrive much later;
 * events fail always or sometimes, wait, are retried and dropped; streams are deleted, shards lose
 * their rows. Whatever happens, rows have each stream's events in order and once, at any time; and
 * in the end all of them but those that were dropped on request.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ReadSideStoriesContract {
  private static final int MOVES = 120;
  private static final List<String> STREAMS = List.of("p/a", "p/b", "t/a", "r", "u");
  private static final List<Integer> CALLS = List.of(1, 1, 1, 2, 3, 5, 9, 20, 60);
  private static final int MANY = 60;
  private static final List<String> DECISIVE =
      List.of("commit", "commit", "commit", "settle", "park", "unpark", "unnote", "drop");

  /** Returns an empty store with 2 partitions. */
  protected abstract ProjectionStore empty();

  /** Returns which share of the time for fuzzing is taken. */
  protected abstract double share();

  @BeforeAll
  static void beQuiet() {
    ((Logger) LoggerFactory.getLogger("io.refold.projections")).setLevel(Level.OFF);
  }

  @AfterAll
  static void speakUp() {
    ((Logger) LoggerFactory.getLogger("io.refold.projections")).setLevel(null);
  }

  @Test
  void everyPartitionHasStreams() {
    assertThat(STREAMS.stream().map(stream -> Shop.ORDERS.stream(stream).partition(2)))
        .contains(0, 1);
  }

  @Test
  void rowsOfEachOrderAreRightHoweverCallsInterleave() throws Exception {
    Fuzz.run(share() / 2, fuzz -> play(new Teller(fuzz, false)));
  }

  @Test
  void rowsThatPartitionsShareAreRightHoweverCallsInterleave() throws Exception {
    Fuzz.run(share() / 2, fuzz -> play(new Teller(fuzz, true)));
  }

  @Test
  void aShardThatLosesItsRowsUnderAnUnsettledBatchIsFilledAgainAlsoAfterAStandstill()
      throws Exception {
    List<Move> moves =
        List.of(
            new Move.Write("p/b", List.of(1L)),
            new Move.Go(1, new Job.Work(false, 1, true), 20, ""),
            new Move.Write("r", List.of(2L, 2L, 2L)),
            new Move.Write("q/a", List.of(1L)),
            new Move.Go(1, new Job.Work(false, 1, false), 1, ""),
            new Move.Go(2, new Job.Work(false, 1, true), 2, ""),
            new Move.Go(1, new Job.Coordinate(Goal.REBUILD, false), 20, ""),
            new Move.Go(0, new Job.Coordinate(Goal.VERIFICATION, true), 20, ""),
            new Move.Lose(1),
            new Move.Go(0, new Job.Coordinate(Goal.REBUILD_PARKING, false), 1, ""));
    Baton.drive(() -> new ReadSideStory(empty(), new Chronicle(false), moves).play(moves));
  }

  private void play(Teller teller) throws InterruptedException {
    Baton.drive(() ->
        Stories.play(
            teller.moves(),
            moves ->
                new ReadSideStory(empty(), new Chronicle(teller.shared()), moves).play(moves)));
  }

  /** Draws moves; what does not go together is in different stories. */
  private static final class Teller {
    private final Fuzz fuzz;
    private final boolean shared;
    private final boolean fails;
    private final boolean drops;
    private final boolean loses;
    private final boolean deletes;
    private final boolean rebuilds;
    private final boolean faults;

    /**
     * A shard keeps what it has of an event that fails later in another one, so no story has drops
     * and losses, and none has drops and events in several shards that fail now and then. Rows that
     * streams share keep what they have of a deleted one, so these are not deleted there.
     */
    Teller(Fuzz fuzz, boolean shared) {
      this.fuzz = fuzz;
      this.shared = shared;
      fails = fuzz.oneIn(2);
      drops = fuzz.oneIn(2);
      loses = !drops && fuzz.oneIn(3);
      deletes = !shared && fuzz.oneIn(2);
      rebuilds = !fuzz.oneIn(3);
      faults = !fuzz.oneIn(3);
    }

    boolean shared() {
      return shared;
    }

    List<Move> moves() {
      var moves = new ArrayList<Move>();
      int number = fuzz.oneIn(4) ? MOVES * 3 : MOVES;
      for (int i = 0; i < number; i++) {
        moves.add(move());
      }
      return moves;
    }

    private Move move() {
      return switch (fuzz.upTo(40)) {
        case 0, 1, 2, 3, 4 -> write();
        case 5 -> fails ? new Move.Retry(fuzz.upTo(4)) : write();
        case 6 -> fails && drops ? new Move.Drop(fuzz.upTo(4)) : new Move.Read();
        case 7 ->
            fails && !(drops && shared) && fuzz.oneIn(2)
                ? new Move.Refuse(fuzz.oneIn(2))
                : new Move.Read();
        case 8 -> loses && fuzz.oneIn(3) ? new Move.Lose(fuzz.upTo(4)) : go();
        case 9 -> deletes && fuzz.oneIn(2) ? new Move.Delete(fuzz.pick(STREAMS)) : go();
        case 10, 11, 12 ->
            faults ? new Move.Fail(process(), fuzz.pick(List.of(Fate.values()))) : go();
        case 13 -> new Move.Arrive();
        default -> go();
      };
    }

    private int process() {
      return fuzz.upTo(ReadSideStory.PROCESSES);
    }

    private Move write() {
      var sums = new ArrayList<>(List.of(1L, 1L, 1L, 2L));
      if (fails) {
        sums.add(13L);
        sums.add(drops && shared ? 13L : 17L);
      }
      var cents = new ArrayList<Long>();
      for (int i = fuzz.upTo(3); i >= 0; i--) {
        cents.add(fuzz.pick(sums));
      }
      return new Move.Write(fuzz.pick(STREAMS), cents);
    }

    private Move go() {
      return fuzz.oneIn(4)
          ? new Move.Go(process(), job(), MANY, fuzz.pick(DECISIVE))
          : new Move.Go(process(), job(), fuzz.pick(CALLS), "");
    }

    private Job job() {
      if (rebuilds && fuzz.oneIn(3)) {
        return switch (fuzz.upTo(25)) {
          case 0 -> new Job.Cancel();
          case 1 -> new Job.Sweep();
          default -> new Job.Coordinate(fuzz.pick(List.of(Goal.values())), fuzz.oneIn(5));
        };
      }
      return new Job.Work(rebuilds && fuzz.oneIn(2), fuzz.upTo(2), fuzz.oneIn(6));
    }
  }
}
