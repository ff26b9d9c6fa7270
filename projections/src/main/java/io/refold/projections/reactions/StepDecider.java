package io.refold.projections.reactions;

import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.projections.reactions.Instance.Timer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Takes the steps of one instance. What changes nothing is not recorded. */
final class StepDecider<S, C>
    implements Decider<StepDecider.Happening<S, C>, Instance<S>, Stepped<S, C>> {
  private final BusinessProcess<S, C> process;

  StepDecider(BusinessProcess<S, C> process) {
    this.process = process;
  }

  /** What an instance takes a step on. */
  sealed interface Happening<S, C> {
    /**
     * An event.
     *
     * @param cause its key
     * @param step what the process makes of it
     */
    record Event<S, C>(String cause, Function<S, Step<S, C>> step) implements Happening<S, C> {}

    /**
     * A deadline that may have come.
     *
     * @param name its name
     * @param version the step that has set it
     */
    record Due<S, C>(String name, long version) implements Happening<S, C> {}
  }

  @Override
  public Instance<S> initialState() {
    return new Instance<>(process.initialState(), Map.of());
  }

  @Override
  public List<Stepped<S, C>> decide(
      Happening<S, C> happening, Instance<S> instance, Context context) {
    Map<String, Timer> waiting = instance.deadlines();
    long version = context.version() + 1;
    return switch (happening) {
      case Happening.Event<S, C>(String cause, Function<S, Step<S, C>> taken) -> {
        Step<S, C> step = taken.apply(instance.state());
        Stepped<S, C> stepped = Stepped.of(cause, waiting, waiting, step, version);
        yield stepped.changes(instance) ? List.of(stepped) : List.of();
      }
      case Happening.Due<S, C>(String name, long set) -> {
        Timer timer = waiting.get(name);
        if (timer == null || timer.version() != set) {
          yield List.of();
        }
        var others = new HashMap<>(waiting);
        others.remove(name);
        Step<S, C> step =
            process.due(instance.state(), new Deadline(context.id(), name, timer.due()));
        yield List.of(Stepped.of("deadline " + name, others, waiting, step, version));
      }
    };
  }

  @Override
  public Instance<S> evolve(Instance<S> instance, Stepped<S, C> step) {
    return step.instance();
  }
}
