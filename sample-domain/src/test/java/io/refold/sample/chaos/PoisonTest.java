package io.refold.sample.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.sample.chaos.Ledger.Booked;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoisonTest {
  private static final Booked POISONED = new Booked("w0a-1", 0, 300);

  @Test
  void everyProcessRefusesTheSameBookingsUntilTheyAreCuredAndThenLaterOnes(@TempDir Path directory)
      throws IOException {
    var one = new Poison(directory);
    var other = new Poison(directory);
    Instant before = Instant.now();
    assertThat(one.spoils(POISONED, before)).isTrue();
    assertThat(other.spoils(POISONED, before)).isTrue();
    assertThat(one.spoils(new Booked("w0a-1", 0, 301), before)).isFalse();
    other.end();
    assertThat(one.spoils(POISONED, before)).isFalse();
    assertThat(other.spoils(POISONED, before)).isFalse();
    assertThat(one.spoils(POISONED, Instant.now().plusSeconds(1))).isTrue();
  }
}
