package io.refold.sample.load;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandInvalidException;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandOutcomeUnknownException;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.Handled;
import io.refold.sample.fine.Fine;
import io.refold.sample.fine.FineCommand;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Imports histories through commands: many fines at a time, each on a virtual thread of its own,
 * the commands of one fine in order. What is under way is bounded, so a source of any size needs
 * little memory.
 *
 * <p>Every command has an id made of fine and place, so an import that was interrupted, or done
 * already, can be repeated: nothing is written twice. Thread-safe; imports may run side by side.
 */
public final class FineImport {
  private static final int FINES_IN_FLIGHT = 256;
  private static final int ATTEMPTS = 5;

  private final CommandHandler<FineCommand, Fine, FineEvent> fines;

  /** Imports into a store. */
  public FineImport(EventStore store) {
    fines = CommandHandler.on(store, FineDecider.FINES, new FineDecider()).build();
  }

  /**
   * Imports a source to its end. A refused command is counted, and the fine goes on with its next
   * one.
   *
   * @param progress told after every fine, from many threads; must be quick
   * @throws io.refold.eventstore.EventStoreException if the store fails; some of the source is
   *     imported, and a repeat completes it
   * @throws RuntimeException if the source fails, after what it gave before is imported
   */
  public ImportResult run(FineSource source, Consumer<ImportProgress> progress) {
    var run = new Run(progress);
    long start = System.nanoTime();
    try {
      source.forEach(run::submit);
    } finally {
      run.awaitAll();
    }
    run.throwFailure();
    return run.result(Duration.ofNanos(System.nanoTime() - start));
  }

  /** One import: counters, and permits that stand for fines that may be under way. */
  private final class Run {
    private final Consumer<ImportProgress> progress;
    private final Semaphore permits = new Semaphore(FINES_IN_FLIGHT);
    private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong handled = new AtomicLong();
    private final AtomicLong repeats = new AtomicLong();
    private final Map<String, ImportResult.Rejection> rejections = new ConcurrentHashMap<>();

    Run(Consumer<ImportProgress> progress) {
      this.progress = progress;
    }

    void submit(FineHistory history) {
      throwFailure();
      permits.acquireUninterruptibly();
      Thread.ofVirtual()
          .name("import-" + history.id())
          .start(() -> {
            try {
              handle(history);
              progress.accept(new ImportProgress(done.incrementAndGet(), handled.get()));
            } catch (RuntimeException e) {
              failure.compareAndSet(null, e);
            } finally {
              permits.release();
            }
          });
    }

    void awaitAll() {
      permits.acquireUninterruptibly(FINES_IN_FLIGHT);
    }

    void throwFailure() {
      RuntimeException failed = failure.get();
      if (failed != null) {
        throw failed;
      }
    }

    ImportResult result(Duration elapsed) {
      return new ImportResult(done.get(), handled.get(), repeats.get(), rejections, elapsed);
    }

    private void handle(FineHistory history) {
      List<FineCommand> commands = history.commands();
      for (int i = 0; i < commands.size(); i++) {
        FineCommand command = commands.get(i);
        try {
          handle(history.id(), history.id() + "#" + (i + 1), command);
        } catch (CommandRejectedException e) {
          reject(e.code(), history.id(), command, e);
        } catch (CommandInvalidException e) {
          reject("invalid", history.id(), command, e);
        }
        handled.incrementAndGet();
      }
    }

    private void handle(String id, String commandId, FineCommand command) {
      Handled<Fine, FineEvent> outcome = handleSurely(id, commandId, command);
      if (outcome.repeat()) {
        repeats.incrementAndGet();
        if (!outcome.events().equals(List.of(FineDecider.eventOf(command)))) {
          throw new CommandRejectedException(
              "other-history",
              "the store has %s in its place: fine %s was imported from another source"
                  .formatted(outcome.events(), id));
        }
      }
    }

    /** A lost reply says nothing about the write; asking again with the same id does. */
    private Handled<Fine, FineEvent> handleSurely(
        String id, String commandId, FineCommand command) {
      var options = CommandOptions.defaults().withCommandId(commandId);
      for (int attempt = 1; ; attempt++) {
        try {
          return fines.handle(id, command, options);
        } catch (CommandOutcomeUnknownException e) {
          if (attempt == ATTEMPTS) {
            throw e;
          }
        }
      }
    }

    private void reject(String code, String id, FineCommand command, RuntimeException reason) {
      var example = "fine %s, %s: %s".formatted(id, command, reason.getMessage());
      rejections.merge(code, new ImportResult.Rejection(1, example), ImportResult.Rejection::plus);
    }
  }
}
