package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.EnumSet;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A short run; a long one is {@code mvn -Pchaos}. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChaosTest {
  @Test
  void everyPromiseIsKeptThroughTwoCyclesOfFaultsAndNoProcessIsLeft() throws Exception {
    var printed = new ByteArrayOutputStream();
    boolean kept;
    try (var out = new PrintStream(printed, true, UTF_8)) {
      kept = ChaosRun.run(new ChaosOptions(2, false, 11), out);
    }
    assertThat(kept).as(printed.toString(UTF_8)).isTrue();
    assertThat(printed.toString(UTF_8).lines().toList().getLast())
        .matches(
            "chaos cycles=2 acknowledged=[1-9]\\d* lost=0 duplicated=0 reordered=0 differing_rows=0"
                + " seed=11");
    assertThat(ProcessHandle.current().descendants())
        .as("this JVM's children are all gone")
        .noneMatch(ProcessHandle::isAlive);
  }

  @Test
  void aSeedGivesTheSameCommandsAndFaults() {
    var schedule = new FaultSchedule(7, kind -> true);
    var again = new FaultSchedule(7, kind -> true);
    var other = new FaultSchedule(8, kind -> true);
    for (int cycle = 0; cycle < 30; cycle++) {
      assertThat(schedule.cycle(cycle)).isEqualTo(again.cycle(cycle));
    }
    assertThat(schedule.cycle(0)).isNotEqualTo(other.cycle(0));
    assertThat(Order.of(7, "w0a", 5)).isEqualTo(Order.of(7, "w0a", 5));
    assertThat(Order.of(7, "w0a", 5).legs()).isNotEqualTo(Order.of(7, "w0a", 9).legs());
  }

  @Test
  void asManyCyclesAsThereAreKindsOfFaultsSeeEveryKind() {
    var schedule = new FaultSchedule(3, kind -> kind != Fault.Kind.MOVE);
    var seen = new HashSet<Fault.Kind>();
    for (int cycle = 0; cycle < 10; cycle++) {
      schedule.cycle(cycle).forEach(fault -> seen.add(fault.kind()));
    }
    assertThat(seen)
        .containsAll(
            EnumSet.complementOf(
                EnumSet.of(Fault.Kind.MOVE, Fault.Kind.REBUILD, Fault.Kind.VERIFY)));
  }
}
