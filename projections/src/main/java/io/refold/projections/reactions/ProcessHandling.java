package io.refold.projections.reactions;

import io.refold.eventstore.Category;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandOutcomeUnknownException;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamClosedException;
import io.refold.projections.reactions.Instance.Timer;
import io.refold.projections.reactions.StepDecider.Happening;
import io.refold.projections.store.Deadlines;
import io.refold.projections.store.Lease;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a process. Its own streams are among what it is fed with, which makes it safe in any crash:
 *
 * <ul>
 *   <li>An event of a trigger leads to one append to the stream of an instance, under a command id
 *       derived from the event. It counts as handled afterwards, so it is handled again until that
 *       append is there, and the append is there once.
 *   <li>A step that comes along in the log, in the partition of the instance, has its deadlines
 *       written into the index, then its commands sent under ids derived from the step. It counts
 *       as handled afterwards, too. So whatever was appended, even if nothing is ever appended
 *       again, reaches index and recipients; and as the index lies in the slot of the log, a server
 *       that loses its last writes loses the step itself, or repeats it.
 *   <li>A deadline that has come leads to one append likewise, under a command id derived from the
 *       step that has set it. Only then its entry in the index goes; until then it comes again. An
 *       entry whose deadline is not waited for any more just goes.
 * </ul>
 *
 * <p>Deadlines are looked at by the partition's owner when its log has nothing new: an event that
 * is there already is taken first. As nobody else writes the index, an owner reads it when it has
 * taken the partition over or changed it, and else knows when the next deadline comes.
 */
final class ProcessHandling<S, C> implements Handling {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessHandling.class);
  private static final int DUE_AT_ONCE = 100;
  private static final int PAGE = 1_000;
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  private final BusinessProcess<S, C> process;
  private final Category<Stepped<S, C>> category;
  private final CommandHandler<Happening<S, C>, Instance<S>, Stepped<S, C>> instances;
  private final Map<String, Trigger<S, C>> triggers;
  private final EventStore events;
  private final Deadlines deadlines;
  private final Clock clock;
  private final Map<Integer, Watch> watches = new ConcurrentHashMap<>();

  /**
   * What an owner knows of a partition's deadlines.
   *
   * @param epoch of the owner
   * @param next when the next one comes, if there is one
   */
  private record Watch(long epoch, Optional<Instant> next) {}

  /** Deadlines whose step fails, with when they are tried again; one thread per partition. */
  private final Map<Integer, Map<Deadlines.Deadline, Failing>> failing = new ConcurrentHashMap<>();

  private record Failing(Duration pause, Instant again) {}

  ProcessHandling(
      BusinessProcess<S, C> process,
      Category<Stepped<S, C>> category,
      Map<String, Trigger<S, C>> triggers,
      EventStore events,
      Deadlines deadlines,
      Clock clock) {
    this.process = process;
    this.category = category;
    this.triggers = triggers;
    this.events = events;
    this.deadlines = deadlines;
    this.clock = clock;
    this.instances =
        CommandHandler.on(events, category, new StepDecider<>(process)).clock(clock).build();
  }

  @Override
  public void handle(StoredEvent event) {
    if (event.stream().category().equals(category.name())) {
      for (Recorded<Stepped<S, C>> step : category.read(event)) {
        index(step);
        send(step);
      }
      return;
    }
    Trigger<S, C> trigger = triggers.get(event.stream().category());
    if (trigger != null) {
      for (Trigger.Occasion<S, C> occasion : trigger.occasions(event)) {
        var cause = new Cause(category.name(), event, occasion.part());
        take(
            occasion.instance(),
            new Happening.Event<>(cause.key(), occasion.step()),
            cause.options("step"));
      }
    }
  }

  /** The commands of a step that is dropped are not sent; its deadlines are waited for. */
  @Override
  public void drop(StoredEvent event) {
    if (event.stream().category().equals(category.name())) {
      category.read(event).forEach(this::index);
    }
  }

  /** An instance whose stream was closed or deleted takes no part any more. */
  private void take(String instance, Happening<S, C> happening, CommandOptions options) {
    try {
      instances.handle(instance, happening, options);
    } catch (StreamClosedException ended) {
      LOG.debug("{} {} has ended: {}", category.name(), instance, ended.getMessage());
    }
  }

  private void index(Recorded<Stepped<S, C>> step) {
    Map<String, Timer> added = step.event().instance().deadlines();
    Map<String, Timer> removed = step.event().ended();
    if (!added.isEmpty() || !removed.isEmpty()) {
      int partition = events.partitionOf(step.stream());
      deadlines.change(
          partition, category.name(), entries(step.id(), added), entries(step.id(), removed));
      watches.remove(partition);
    }
  }

  private static List<Deadlines.Deadline> entries(String instance, Map<String, Timer> timers) {
    var entries = new ArrayList<Deadlines.Deadline>();
    timers.forEach((name, timer) ->
        entries.add(
            new Deadlines.Deadline(instance, name, timer.version(), wholeMillis(timer.due()))));
    return entries;
  }

  private static Instant wholeMillis(Instant due) {
    Instant before = Instant.ofEpochMilli(due.toEpochMilli());
    return before.equals(due) ? due : before.plusMillis(1);
  }

  private void send(Recorded<Stepped<S, C>> step) {
    List<Outgoing<C>> commands = step.event().commands();
    for (int i = 0; i < commands.size(); i++) {
      String id = DerivedId.of(step.stream(), step.version(), step.position(), i);
      process.send(commands.get(i), CommandOptions.defaults().withCommandId(id));
    }
  }

  @Override
  public boolean tick(Lease lease) {
    int partition = lease.partition();
    Instant now = clock.instant();
    Watch watch = watches.get(partition);
    if (watch != null
        && watch.epoch() == lease.epoch()
        && watch.next().filter(next -> !next.isAfter(now)).isEmpty()) {
      return false;
    }
    Map<Deadlines.Deadline, Failing> failed =
        failing.computeIfAbsent(partition, number -> new HashMap<>());
    var passed = new HashSet<Deadlines.Deadline>(); // left where they are, in front
    int tried = 0;
    boolean fired = false;
    Deadlines.Agenda agenda;
    do {
      agenda = deadlines.due(partition, category.name(), now, passed.size(), PAGE);
      for (Deadlines.Deadline deadline : agenda.due()) {
        if (tried == DUE_AT_ONCE) {
          return true;
        }
        Failing failure = failed.get(deadline);
        if (failure != null && failure.again().isAfter(now)) {
          passed.add(deadline);
          continue;
        }
        tried++;
        if (fire(partition, deadline, failed)) {
          fired = true;
        } else {
          passed.add(deadline);
        }
      }
    } while (agenda.due().size() == PAGE);
    failed.keySet().retainAll(passed);
    Optional<Instant> behind = agenda.next();
    Optional<Instant> next =
        failed.values().stream()
            .map(Failing::again)
            .reduce((one, other) -> one.isBefore(other) ? one : other)
            .filter(again -> behind.filter(due -> due.isBefore(again)).isEmpty())
            .or(() -> behind);
    watches.put(partition, new Watch(lease.epoch(), next));
    return fired;
  }

  private boolean fire(
      int partition, Deadlines.Deadline deadline, Map<Deadlines.Deadline, Failing> failed) {
    try {
      String id =
          DerivedId.of(category.name(), deadline.instance(), deadline.name(), deadline.number());
      take(
          deadline.instance(),
          new Happening.Due<>(deadline.name(), deadline.number()),
          CommandOptions.defaults().withCommandId(id));
    } catch (StoreUnavailableException | ReplyLostException away) {
      throw away;
    } catch (CommandOutcomeUnknownException lost) {
      throw new ReplyLostException(String.valueOf(lost.getMessage()), lost);
    } catch (RuntimeException e) {
      Failing before = failed.get(deadline);
      Duration twice = before == null ? FIRST_PAUSE : before.pause().multipliedBy(2);
      Duration pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      failed.put(deadline, new Failing(pause, clock.instant().plus(pause)));
      LOG.warn(
          "{} {}: the step on deadline '{}' of {} has failed, again in {}",
          category.name(),
          deadline.instance(),
          deadline.name(),
          deadline.due(),
          pause,
          e);
      return false;
    }
    failed.remove(deadline);
    deadlines.change(partition, category.name(), List.of(), List.of(deadline));
    return true;
  }
}
