package io.refold.sample.readme;

public record Balance(String owner, long cents) {
  Balance plus(long more) {
    return new Balance(owner, cents + more);
  }
}
