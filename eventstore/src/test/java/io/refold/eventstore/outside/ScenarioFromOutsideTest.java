package io.refold.eventstore.outside;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.DeciderScenario;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A user's package, with records that only it can see. */
class ScenarioFromOutsideTest {
  private record Counted(int number) {}

  private static final class Counter implements Decider<Integer, Counted, Counted> {
    @Override
    public Counted initialState() {
      return new Counted(0);
    }

    @Override
    public List<Counted> decide(Integer command, Counted state, Context context) {
      return List.of(new Counted(command));
    }

    @Override
    public Counted evolve(Counted state, Counted event) {
      return event;
    }
  }

  @Test
  void componentsOfPrivateRecordsAreCompared() {
    assertThatThrownBy(() -> DeciderScenario.of(new Counter()).when(1).then(new Counted(2)))
        .isInstanceOf(AssertionError.class)
        .hasMessageEndingWith("    ~ Counted[number=1]\n        number: expected 2, was 1");
  }
}
