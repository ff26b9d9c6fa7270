package io.refold.sample.readme;

public record Account(boolean open, long cents) {
  static final Account NONE = new Account(false, 0);
}
