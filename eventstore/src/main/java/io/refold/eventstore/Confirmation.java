package io.refold.eventstore;

/**
 * How safe written events are known to be when their writer is answered.
 *
 * @param asked the level that was asked for
 * @param reached whether it was reached in time; if not, the events are written all the same, and
 *     may still reach it
 * @param onDisk whether the server has said that it has them on its disk; only known where that was
 *     asked
 * @param replicas how many replicas have said that they have them in memory; only known where that
 *     was asked
 */
public record Confirmation(Durability asked, boolean reached, boolean onDisk, int replicas) {
  private static final Confirmation MEMORY = new Confirmation(Durability.memory(), true, false, 0);

  /** Returns the confirmation of a level that waits for nothing: always reached. */
  public static Confirmation memory() {
    return MEMORY;
  }

  /** Returns the confirmation where nothing is known beyond the server's memory. */
  public static Confirmation unknown(Durability asked) {
    return asked instanceof Durability.Memory ? MEMORY : new Confirmation(asked, false, false, 0);
  }
}
