package io.refold.projections;

/** What waiting for a position led to. */
public enum Awaited {
  /** The projection has applied it; reads from now on show it. */
  APPLIED,
  /** An event of that append fails and is parked, with what follows it in its aggregate. */
  PARKED,
  /** Not in time. */
  TIMED_OUT,
  /** The log does not hold that position: its append was lost with the server that had it. */
  LOST
}
