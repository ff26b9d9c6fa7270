package io.refold.projections;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Lists of steps that are played; one that fails is told again without the steps it can spare. */
final class Stories {
  private static final int REPLAYS = 500;
  private static final long SHRINKING_NANOS = 40_000_000_000L;

  private Stories() {}

  /**
   * Plays a story.
   *
   * @param play throws if a promise is broken; begins anew each time
   * @throws AssertionError with the fewest steps that were found to fail
   */
  static <S> void play(List<S> steps, Consumer<List<S>> play) {
    Throwable failure = failure(steps, play);
    if (failure != null) {
      List<S> fewest = shrink(steps, play);
      Throwable again = failure(fewest, play);
      throw new AssertionError(
          "a story of %d steps fails after these:%n%s"
              .formatted(
                  steps.size(),
                  fewest.stream().map(Object::toString).collect(Collectors.joining("\n"))),
          again == null ? failure : again);
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
  private static <S> List<S> shrink(List<S> steps, Consumer<List<S>> play) {
    List<S> fewest = steps;
    int replays = 0;
    long end = System.nanoTime() + SHRINKING_NANOS;
    for (int part = Math.max(1, steps.size() / 2); part > 0; part /= 2) {
      for (int from = 0;
          from < fewest.size() && replays < REPLAYS && System.nanoTime() < end;
          replays++) {
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
