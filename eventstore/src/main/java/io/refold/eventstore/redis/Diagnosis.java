package io.refold.eventstore.redis;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What an examination has found. Immutable.
 *
 * @param findings the worst first; none if all is well
 */
public record Diagnosis(List<Finding> findings) {
  /** Sorts the findings, and copies the list. */
  public Diagnosis {
    findings = findings.stream().sorted(Comparator.comparing(Finding::severity)).toList();
  }

  /** Tells whether something is found that loses data, or may do so. */
  public boolean losesData() {
    return findings.stream().anyMatch(finding -> finding.severity() == Severity.LOSS);
  }

  /** Returns a block for each finding, or a sentence that there is none. */
  @Override
  public String toString() {
    return findings.isEmpty()
        ? "Nothing was found."
        : findings.stream().map(Finding::toString).collect(Collectors.joining("\n\n"));
  }
}
