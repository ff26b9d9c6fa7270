package io.refold.eventstore.redis;

import java.util.List;

/**
 * Looks for a few related things that may be wrong. Thread-safe.
 *
 * <p>It need not care for what goes wrong while it looks: whatever it throws, also that a command
 * is not permitted, is reported as {@code not-checked}, beside what it has found so far.
 */
public interface Check {
  /** Returns what is looked at, as in "… could not be checked". */
  String subject();

  /** Returns all that it looks for. */
  List<Illness> illnesses();

  /** Looks, and tells the examination what it finds. It writes nothing. */
  void examine(Examination examination);
}
