package io.refold.sample.views;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.ReadModel;
import io.refold.projections.Row;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.sample.fine.Fine;
import io.refold.sample.fine.FineCommand;
import io.refold.sample.fine.FineCommand.CreateFine;
import io.refold.sample.fine.FineCommand.RecordPayment;
import io.refold.sample.fine.FineCommand.SendFine;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.VehicleClass;
import java.time.LocalDate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The queries over {@code fine-file}, through a store and its indexes. */
class QueriesTest {
  private static final LocalDate DAY = LocalDate.of(2006, 7, 24);

  private final InMemoryEventStore events = new InMemoryEventStore();
  private final InMemoryProjectionStore store = InMemoryProjectionStore.on(events);
  private final CommandHandler<FineCommand, Fine, FineEvent> fines =
      CommandHandler.on(events, FineDecider.FINES, new FineDecider()).build();
  private final DeterministicWorkers workers = DeterministicWorkers.on(store).add(new FineFiles());
  private final ReadModel<FineFile> files = store.readModel(new FineFiles());
  private final OpenFines open = new OpenFines(files);

  @AfterEach
  void close() {
    workers.close();
  }

  @Test
  void openFinesComeByWhatIsOutstanding() {
    create("A1", 35_00);
    create("A2", 7_00);
    create("A3", 140_00);
    workers.runUntilIdle();

    assertThat(open.count()).isEqualTo(3);
    assertThat(open.totalCents()).isEqualTo(182_00);
    assertThat(open.largest(2)).extracting(Row::key).containsExactly("A3", "A1");
    assertThat(open.smallest(2)).extracting(Row::key).containsExactly("A2", "A1");
  }

  @Test
  void aSettledFineLeavesAndComesBackWithLateExpenses() {
    create("A1", 35_00);
    fines.handle("A1", new RecordPayment(DAY, 36_00, 36_00));
    workers.runUntilIdle();
    assertThat(open.count()).isZero();
    assertThat(open.totalCents()).isZero();

    fines.handle("A1", new SendFine(DAY, 11_00));
    workers.runUntilIdle();
    assertThat(open.totalCents()).isEqualTo(10_00);
  }

  @Test
  void variantsCountFinesByPath() {
    create("A1", 35_00);
    create("A2", 35_00);
    create("A3", 35_00);
    create("A4", 35_00);
    fines.handle("A1", new SendFine(DAY, 11_00));
    fines.handle("A2", new SendFine(DAY, 11_00));
    fines.handle("A2", new RecordPayment(DAY, 46_00, 46_00));
    workers.runUntilIdle();
    var variants = new Variants(files);

    assertThat(variants.all())
        .containsExactly(
            new Variants.Variant("C", 2),
            new Variants.Variant("CS", 1),
            new Variants.Variant("CSP", 1));
    assertThat(variants.finesOf("C", 9)).extracting(Row::key).containsExactly("A3", "A4");
  }

  private void create(String id, long cents) {
    fines.handle(id, new CreateFine(DAY, cents, VehicleClass.A, 157, 0, "561", null));
  }
}
