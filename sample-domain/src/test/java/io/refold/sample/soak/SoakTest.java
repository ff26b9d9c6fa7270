package io.refold.sample.soak;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.sample.soak.Series.Tolerance;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The judge of long runs, and a short run of everything that they do. */
class SoakTest {
  private static final Duration SHORT = Duration.ofSeconds(8);

  private static Series series(double share, double amount, DoubleStream samples) {
    var series = new Gauge("things", new Tolerance(share, amount));
    samples.forEach(series::add);
    return series;
  }

  @Test
  void whatLeaksSlowlyIsFound() {
    var leak = series(0.1, 4, IntStream.range(0, 40).mapToDouble(n -> 100 + n));

    assertThat(leak.grown()).isTrue();
    assertThat(leak.before()).isEqualTo(115);
    assertThat(leak.after()).isEqualTo(135);
    assertThat(leak.limit()).isEqualTo(130.5, offset(0.01));
  }

  @Test
  void whatWarmsUpAndWobblesIsNone() {
    var warm = series(0.1, 4, IntStream.range(0, 40).mapToDouble(n -> n < 10 ? 10 * n : 100));
    var peaks = series(0.1, 4, IntStream.range(0, 40).mapToDouble(n -> n % 4 == 0 ? 900 : 100));
    var shrinks = series(0, 0, IntStream.range(0, 40).mapToDouble(n -> 100 - n));

    assertThat(warm.grown()).isFalse();
    assertThat(peaks.grown()).isFalse();
    assertThat(shrinks.grown()).isFalse();
  }

  @Test
  void aFewSamplesAreNotJudged() {
    var few = series(0, 0, IntStream.range(0, 7).mapToDouble(n -> 1_000 * n));

    assertThat(few.judged()).isFalse();
    assertThat(few.grown()).isFalse();
  }

  /** Returns 40 spans of so many times each, in milliseconds what a span is given. */
  private static Latency latency(double percentile, int times, IntToDoubleFunction millis) {
    var spans = new ArrayList<Histogram>();
    for (int n = 0; n < 40; n++) {
      var span = new Histogram(3);
      span.recordValueWithCount(Math.round(millis.applyAsDouble(n) * 1_000), times);
      spans.add(span);
    }
    return new Latency("lag", percentile, new Tolerance(1, 5), spans);
  }

  @Test
  void aPercentileIsThatOfAWholeQuarter() {
    var slower = latency(50, 10, n -> n + 1);
    var onePause = latency(99, 200, n -> n == 35 ? 900 : 1);
    var lastSpanSlow = latency(50, 200, n -> n == 39 ? 900 : 1);

    assertThat(slower.before()).isEqualTo(15, offset(0.1));
    assertThat(slower.after()).isEqualTo(35, offset(0.1));
    assertThat(slower.limit()).isEqualTo(35, offset(0.1));
    assertThat(onePause.grown()).isTrue();
    assertThat(lastSpanSlow.grown()).isFalse();
  }

  @Test
  void aPercentileThatHardlyAnyTimeExceedsIsNotJudged() {
    assertThat(latency(50, 2, n -> n * n).grown()).isTrue();
    assertThat(latency(50, 1, n -> n * n).judged()).isFalse();
    assertThat(latency(99, 100, n -> n * n).grown()).isTrue();
    assertThat(latency(99, 99, n -> n * n).judged()).isFalse();
    assertThat(latency(99, 99, n -> n * n).grown()).isFalse();
  }

  @Test
  @Timeout(value = 400, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everythingAtOnceFailsNowhere() {
    var printed = new ByteArrayOutputStream();
    try (var redis = EmbeddedRedis.start()) {
      boolean unused = new SoakRun(redis, SHORT, new PrintStream(printed, true, UTF_8)).run();
    }

    assertThat(printed.toString(UTF_8))
        .contains("heap after collection", "consumer names", "lag p99")
        .containsPattern("soak minutes=0.1 commands=[1-9]\\d* reactions=[1-9]\\d* guests=[1-9]")
        .endsWith("failures=0\n")
        .doesNotContain("failed: ");
  }
}
