package io.refold.sample.xes;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.Context;
import io.refold.eventstore.StreamId;
import io.refold.sample.fine.Fine;
import io.refold.sample.fine.FineCommand;
import io.refold.sample.fine.FineDecider;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The whole real log, if {@code -Dfines.log=FILE} names it: every rule holds for every fine. */
@EnabledIfSystemProperty(named = "fines.log", matches = ".+")
class RealLogTest {
  private final FineDecider decider = new FineDecider();
  private final Map<String, String> refusals = new TreeMap<>();
  private long fines;
  private long events;
  private long paidCents;
  private long openFines;
  private long outstandingCents;

  @Test
  void everyRealFineKeepsTheRules() {
    new FineLog(Path.of(System.getProperty("fines.log")))
        .forEach(history -> {
          Fine fine = decider.initialState();
          for (FineCommand command : history.commands()) {
            fine = decide(history.id(), fine, command);
          }
          fines++;
          paidCents += fine.paidCents();
          outstandingCents += Math.max(0, fine.outstandingCents());
          openFines += fine.outstandingCents() > 0 ? 1 : 0;
        });

    assertThat(refusals).isEmpty();
    assertThat(fines).isEqualTo(150_370);
    assertThat(events).isEqualTo(561_470);
    assertThat(paidCents).isEqualTo(360_146_453);
    assertThat(openFines).isEqualTo(90_080);
    assertThat(outstandingCents).isEqualTo(840_109_554);
  }

  private Fine decide(String id, Fine fine, FineCommand command) {
    var context = new Context(new StreamId("fine", id), 0, "command", Instant.EPOCH);
    try {
      for (var event : decider.decide(command, fine, context)) {
        fine = decider.evolve(fine, event);
        events++;
      }
    } catch (CommandRejectedException e) {
      refusals.putIfAbsent(e.code(), "%s %s: %s".formatted(id, command, e.getMessage()));
    }
    return fine;
  }
}
