package io.refold.eventstore.redis;

/** How bad a finding is, the worst first. */
public enum Severity {
  /** Events or rows are lost, or a crash, a failover or the next write may lose them. */
  LOSS("loses data"),
  /** Something stands still, or will before long. */
  HALT("stands still"),
  /** Everything is right and takes longer, or more memory, than it needs to. */
  SLOW("slows"),
  /** Nothing is wrong; it would be safer or cheaper in another way. */
  ADVICE("advice"),
  /** It is not known. */
  UNCHECKED("not checked");

  private final String title;

  Severity(String title) {
    this.title = title;
  }

  @Override
  public String toString() {
    return title;
  }
}
