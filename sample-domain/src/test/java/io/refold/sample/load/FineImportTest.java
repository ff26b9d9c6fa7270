package io.refold.sample.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Recorded;
import io.refold.sample.fine.FineCommand.CreateFine;
import io.refold.sample.fine.FineCommand.RecordPayment;
import io.refold.sample.fine.FineCommand.SendFine;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.VehicleClass;
import io.refold.sample.generator.FineGenerator;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FineImportTest {
  private static final LocalDate DAY = LocalDate.of(2006, 7, 24);
  private static final CreateFine CREATE =
      new CreateFine(DAY, 35_00, VehicleClass.A, 157, 0, "561", null);
  private static final SendFine SEND = new SendFine(DAY.plusDays(1), 11_00);

  private final InMemoryEventStore store = new InMemoryEventStore();
  private final FineImport fines = new FineImport(store);

  @Test
  void everyHistoryIsInTheStoreInOrder() {
    fines.run(new FineGenerator(1, 200), at -> {});

    new FineGenerator(1, 200)
        .forEach(history ->
            assertThat(events(history.id()))
                .isEqualTo(history.commands().stream().map(FineDecider::eventOf).toList()));
  }

  @Test
  void progressIsToldAfterEveryFine() {
    var told = new ConcurrentLinkedQueue<ImportProgress>();

    fines.run(new FineGenerator(1, 50), told::add);

    assertThat(told)
        .extracting(ImportProgress::fines)
        .containsExactlyInAnyOrderElementsOf(LongStream.rangeClosed(1, 50).boxed().toList());
  }

  @Test
  void aSecondImportChangesNothing() {
    ImportResult first = fines.run(new FineGenerator(1, 50), at -> {});
    ImportResult second = fines.run(new FineGenerator(1, 50), at -> {});

    assertThat(first.repeats()).isZero();
    assertThat(second.repeats()).isEqualTo(second.commands()).isEqualTo(first.commands());
    assertThat(second.rejected()).isZero();
  }

  @Test
  void anotherHistoryUnderTheSameIdIsNotTakenForARepeat() {
    run(new FineHistory("A1", List.of(CREATE)));
    ImportResult second =
        run(
            new FineHistory(
                "A1", List.of(new CreateFine(DAY, 1, VehicleClass.A, 157, 0, "561", null))));

    assertThat(second.rejections()).containsOnlyKeys("other-history");
  }

  @Test
  void refusedCommandsAreCountedWithAnExampleAndTheFineGoesOn() {
    var negative = new RecordPayment(DAY, -1, -1);
    var early = new SendFine(DAY.minusDays(1), 0);

    ImportResult result =
        run(
            new FineHistory("A1", List.of(SEND, CREATE, early, negative, SEND)),
            new FineHistory("A2", List.of(SEND)));

    assertThat(result.rejections()).containsOnlyKeys("not-created", "invalid", "date-goes-back");
    assertThat(result.rejections().get("not-created"))
        .extracting(ImportResult.Rejection::count)
        .isEqualTo(2L);
    assertThat(result.rejected()).isEqualTo(4);
    assertThat(result.rejections().get("invalid"))
        .extracting(ImportResult.Rejection::example)
        .asString()
        .contains("fine A1", "RecordPayment", "cents must be");
    assertThat(events("A1")).hasSize(2);
  }

  @Test
  void aSourceThatFailsFailsTheImportAfterWhatItGave() {
    FineSource broken =
        consumer -> {
          consumer.accept(new FineHistory("A1", List.of(CREATE)));
          throw new IllegalStateException("broken");
        };

    assertThatThrownBy(() -> fines.run(broken, at -> {})).hasMessage("broken");

    assertThat(events("A1")).hasSize(1);
  }

  @Test
  @Timeout(60)
  void aFailureOfOneFineEndsTheImport() {
    var given = new ArrayList<String>();
    FineSource endless =
        consumer -> {
          for (int i = 0; i < 100_000; i++) {
            given.add("A" + i);
            consumer.accept(new FineHistory("A" + i, List.of(CREATE)));
          }
        };

    assertThatThrownBy(() ->
            fines.run(
                endless,
                at -> {
                  throw new IllegalStateException("no more");
                }))
        .hasMessage("no more");
    assertThat(given).hasSizeLessThan(100_000);
  }

  private ImportResult run(FineHistory... histories) {
    return fines.run(consumer -> List.of(histories).forEach(consumer), at -> {});
  }

  private List<FineEvent> events(String id) {
    return store.read(FineDecider.FINES, id, 0, 1_000).events().stream()
        .map(Recorded::event)
        .toList();
  }
}
