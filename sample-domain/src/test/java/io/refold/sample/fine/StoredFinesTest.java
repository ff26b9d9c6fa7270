package io.refold.sample.fine;

import io.refold.eventstore.GoldenEvents;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StoredFinesTest {
  @Test
  void theStoredFormOfEventsIsPinned() {
    GoldenEvents.of(FineDecider.FINES.codec()).file(Path.of("src/test/golden/fines.json")).verify();
  }
}
