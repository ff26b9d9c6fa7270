package io.refold.sample.views;

/** Where a fine stands. */
public enum FineStatus {
  /** Written, and nothing more. */
  CREATED,
  /** Posted. */
  SENT,
  /** Delivered; the 60 days run. */
  NOTIFIED,
  /** Raised, because they have passed. */
  PENALISED,
  /** Appealed to the prefecture, and the result not told yet. */
  UNDER_APPEAL,
  /** Paid, and nothing outstanding. */
  SETTLED,
  /** Dismissed by the office, the prefecture or a judge. */
  DISMISSED,
  /** Handed to a collection agency. */
  COLLECTED
}
