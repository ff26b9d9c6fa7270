package io.refold.projections;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Cases made of a seed each, as many as a share of the time takes: {@code -Dfuzz.seconds} for all
 * fuzzing of all modules (20 if it is not given), the first case with {@code -Dfuzz.seed} (1 if it
 * is not given, so that a build repeats the one before).
 */
public final class Fuzz {
  private static final double SECONDS =
      Double.parseDouble(System.getProperty("fuzz.seconds", "20"));
  private static final Duration LONGEST_CASE = Duration.ofSeconds(90);

  private static final List<String> HOSTILE =
      List.of(
          "",
          " ",
          "0",
          "-1",
          "1",
          "2",
          "5",
          "-0",
          "1.5",
          "00012",
          "nan",
          "-nan",
          "inf",
          "-inf",
          "1e308",
          "1e15",
          "-1e15",
          "9007199254740993",
          "9223372036854775807",
          "-9223372036854775808",
          "18446744073709551615",
          "99999999999999999999999",
          "0x10",
          "0-0",
          "1-0",
          "1-1000000",
          "18446744073709551615-18446744073709551615",
          "1-",
          "-",
          "+",
          "(",
          "[",
          "[\0",
          "$",
          ">",
          "*",
          "a",
          "o",
          "k1",
          "account:1",
          "other:1",
          "none:",
          ":none",
          "a b c",
          "1 1 x:1",
          "1 999999999999999 account:1",
          "-5 2 account:1",
          "\n",
          "\0",
          "\u00ff\u00fe",
          "\u00ed\u00a0\u0080",
          "{}",
          "{\"version\":1}",
          "null",
          "[",
          "{{{{",
          "lost: x",
          "2 1 REBUILD",
          "NX",
          "GT",
          "LIMIT",
          "x".repeat(70_000),
          "9".repeat(400));

  private final RandomGenerator random;

  Fuzz(long seed) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /** A case; it fails by an exception of any kind. */
  @FunctionalInterface
  public interface Case {
    void run(Fuzz fuzz) throws Exception;
  }

  /** Runs cases for a share of the time, and at least one. */
  public static void run(double share, Case one) throws InterruptedException {
    long given = Long.getLong("fuzz.seed", 1);
    long end = System.nanoTime() + (long) (SECONDS * share * 1e9);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      long seed = given;
      do {
        var fuzz = new Fuzz(seed);
        var running =
            thread.submit(() -> {
              one.run(fuzz);
              return seedless();
            });
        try {
          running.get(LONGEST_CASE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
          throw new AssertionError("repeat it with -Dfuzz.seed=" + seed, e.getCause());
        } catch (TimeoutException e) {
          thread.shutdownNow();
          throw new AssertionError("it hangs with -Dfuzz.seed=" + seed, e);
        }
        seed++;
      } while (System.nanoTime() < end);
      assertThat(seed).isGreaterThan(given);
    }
  }

  private static boolean seedless() {
    return true;
  }

  public int upTo(int bound) {
    return random.nextInt(bound);
  }

  public boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  public <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  /** Returns a text that is rarely what anybody expects; its characters are bytes. */
  public String hostile() {
    if (oneIn(6)) {
      var text = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        text.append((char) random.nextInt(256));
      }
      return text.toString();
    }
    return pick(HOSTILE);
  }
}
