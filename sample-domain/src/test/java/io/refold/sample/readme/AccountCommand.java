package io.refold.sample.readme;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;

public sealed interface AccountCommand {
  record Open(@NotBlank String owner) implements AccountCommand {}

  record Deposit(@Positive long cents) implements AccountCommand {}
}
