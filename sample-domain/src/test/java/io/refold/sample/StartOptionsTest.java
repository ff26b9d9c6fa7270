package io.refold.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.sample.options.Options;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** An option that is not allowed starts nothing, and is named. */
class StartOptionsTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

  private static Properties given(String name, String value) {
    var properties = new Properties();
    properties.setProperty(name, value);
    return properties;
  }

  private void assertNothingWasStarted(int code, String why) {
    assertThat(code).isEqualTo(1);
    assertThat(printed.toString(StandardCharsets.UTF_8).strip())
        .isEqualTo("Nothing was started: " + why);
    printed.reset();
  }

  @Test
  void whatIsNoNumberStartsNothingAndIsNamed() throws Exception {
    assertNothingWasStarted(
        Bench.run(given("events", "x"), out),
        "-Devents=x is not a whole number from 1,000 to 1,000,000,000");
    assertNothingWasStarted(
        Chaos.run(given("cycles", "0"), out),
        "-Dcycles=0 is not a whole number from 1 to 1,000,000");
    assertNothingWasStarted(
        Chaos.run(given("seed", "x"), out),
        "-Dseed=x is not a whole number from -9,223,372,036,854,775,808 to"
            + " 9,223,372,036,854,775,807");
    assertNothingWasStarted(
        Soak.run(given("minutes", "NaN"), out),
        "-Dminutes=NaN is not a number above 0, up to 100,000");
    assertNothingWasStarted(
        Soak.run(given("grow", "many"), out),
        "-Dgrow=many is not a whole number from 0 to 1,000,000,000");
  }

  @Test
  void whatIsEmptyCountsAsNotGiven() {
    var options = new Options(given("seed", " "));
    assertThat(options.text("seed")).isEmpty();
    assertThat(options.number("seed", 7, 1, 10)).isEqualTo(7);
    assertThat(options.decimal("seed", 0.5, 1)).isEqualTo(0.5);
  }

  @Test
  void whatIsGivenCounts() {
    assertThat(new Options(given("minutes", "0.25")).decimal("minutes", 5, 10)).isEqualTo(0.25);
    assertThat(new Options(given("seed", "-3")).number("seed", 7, -5, 10)).isEqualTo(-3);
    assertThatThrownBy(() -> new Options(given("minutes", "1e9")).decimal("minutes", 5, 10))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
