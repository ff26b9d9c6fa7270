package io.refold.sample.readme;

public sealed interface AccountEvent {
  record Opened(String owner) implements AccountEvent {}

  record Deposited(long cents) implements AccountEvent {}
}
