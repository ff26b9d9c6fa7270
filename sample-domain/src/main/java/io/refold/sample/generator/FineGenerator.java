package io.refold.sample.generator;

import io.refold.sample.load.FineHistory;
import io.refold.sample.load.FineSource;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Makes up fines: paths, dates and amounts in the proportions of the real process, and every one of
 * them allowed by the domain. The same seed gives the same fines.
 *
 * @param seed of the random numbers
 * @param fines how many
 */
public record FineGenerator(long seed, int fines) implements FineSource {
  /** The last day of the real log. */
  static final LocalDate END = LocalDate.of(2013, 6, 18);

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public FineGenerator {
    if (fines < 1) {
      throw new IllegalArgumentException("%d fines: at least 1 is needed".formatted(fines));
    }
  }

  @Override
  public void forEach(Consumer<FineHistory> consumer) {
    var statistics = new Statistics();
    var random = new Random(seed);
    Map<String, Integer> numbers = new HashMap<>();
    for (int i = 0; i < fines; i++) {
      String series = statistics.series.draw(random);
      String id = series + numbers.merge(series, 1, Integer::sum);
      consumer.accept(new Invention(statistics, random).history(id));
    }
  }
}
