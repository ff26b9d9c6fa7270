package io.refold.projections.reactions;

import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.EventCodec;
import io.refold.projections.StartAt;
import java.util.List;

/**
 * A process over several events, aggregates and days: it keeps a state per instance, sends
 * commands, and waits for deadlines. All but {@link #send} is pure: no clock, no I/O. Run it with
 * {@link Processes}.
 *
 * <p>An instance begins with the first event that leads to a step. Each step is recorded as one
 * event of the instance's own stream, of the category {@link #name()}; so a step is taken once, and
 * whatever follows from it is done though a process dies in between.
 *
 * @param <S> the state of an instance, immutable
 * @param <C> the commands it sends
 */
public interface BusinessProcess<S, C> {
  /**
   * Returns its name, the category of its streams: 1 to 64 characters, none of them {@code :},
   * <code>{</code>, <code>}</code>; shared with no projection and no other category.
   */
  String name();

  /** Returns where it begins when it is started for the very first time. */
  StartAt start();

  /** Returns how states are stored, with each step: {@code EventCodec.json(State.class)}. */
  EventCodec<S> states();

  /** Returns how commands are stored, with the step that sends them. */
  EventCodec<C> commands();

  /** Returns the state of an instance before its first step. */
  S initialState();

  /** Returns on which events it takes steps; one trigger per category. */
  List<Trigger<S, C>> triggers();

  /**
   * Returns the step it takes when a deadline has come. Until then the state may have changed, but
   * the deadline was not cancelled.
   */
  Step<S, C> due(S state, Deadline deadline);

  /**
   * Sends a command of a step. Called again with the same options where nobody knows whether it was
   * done: handle the command with these options, and it is done once. Called for one instance's
   * commands in order.
   *
   * <p>What it throws is tried again, then the instance's stream is parked: none of its later
   * commands is sent until the operator has it tried again or drops the step's commands. So catch a
   * refusal that means nothing, and let one pass that somebody has to look into.
   *
   * @param options with the command's id
   */
  void send(Outgoing<C> command, CommandOptions options);
}
