package io.refold.eventstore;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Random stories: steps drawn from a seed and played. One that fails is told again without the
 * steps that it does not need. {@code -Dstories=1000} plays more, {@code -Dseed=17} that one only.
 */
final class Stories {
  private static final int REPLAYS = 400;

  private Stories() {}

  /**
   * Plays stories with the seeds 1, 2, 3 ….
   *
   * @param teller draws the steps
   * @param play throws if a promise is broken; begins anew each time
   * @throws AssertionError with the seed and the fewest steps that were found to fail
   */
  static <S> void play(int stories, Function<Random, List<S>> teller, Consumer<List<S>> play) {
    Long only = Long.getLong("seed");
    long first = only == null ? 1 : only;
    long last = only == null ? Integer.getInteger("stories", stories) : only;
    for (long seed = first; seed <= last; seed++) {
      List<S> steps = teller.apply(new Random(seed));
      Throwable failure = failure(steps, play);
      if (failure != null) {
        List<S> fewest = shrink(steps, play);
        Throwable again = failure(fewest, play);
        throw new AssertionError(
            "story %d (-Dseed=%1$d) fails after:%n%s"
                .formatted(
                    seed, fewest.stream().map(Object::toString).collect(Collectors.joining("\n"))),
            again == null ? failure : again);
      }
    }
  }

  @SuppressWarnings("CatchFail") // whatever goes wrong ends a story
  private static <S> @Nullable Throwable failure(List<S> steps, Consumer<List<S>> play) {
    try {
      play.accept(steps);
      return null;
    } catch (RuntimeException | AssertionError e) {
      return e;
    }
  }

  /** Leaves out ever smaller parts, as long as what remains fails. */
  static <S> List<S> shrink(List<S> steps, Consumer<List<S>> play) {
    List<S> fewest = steps;
    int replays = 0;
    for (int part = Math.max(1, steps.size() / 2); part > 0; part /= 2) {
      for (int from = 0; from < fewest.size() && replays < REPLAYS; replays++) {
        var fewer = new ArrayList<>(fewest.subList(0, from));
        fewer.addAll(fewest.subList(Math.min(from + part, fewest.size()), fewest.size()));
        if (failure(fewer, play) == null) {
          from += part;
        } else {
          fewest = fewer;
        }
      }
    }
    return fewest;
  }
}
