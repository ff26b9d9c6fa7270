package io.refold.sample.fine;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * What may be asked of a fine. Money is in euro cents. Time limits are judged by the date in the
 * command, never by a clock: fines are recorded days after the fact, and whole histories at once.
 */
public sealed interface FineCommand {
  /** Returns the day on which it happened. */
  LocalDate on();

  /**
   * Writes a fine.
   *
   * @param on the day
   * @param cents the amount; 36 of 150,370 real fines have none
   * @param vehicle the vehicle's class
   * @param article the article of the road code that was broken
   * @param points licence points taken
   * @param officer who wrote it
   * @param dismissal a code if the fine was dismissed in the office; null if it stands
   */
  record CreateFine(
      @NotNull LocalDate on,
      @PositiveOrZero long cents,
      @NotNull VehicleClass vehicle,
      @Min(1) @Max(999) int article,
      @Min(0) @Max(10) int points,
      @NotBlank @Size(max = 20) String officer,
      @Pattern(regexp = "[A-Z0-9@$]") @Nullable String dismissal)
      implements FineCommand {}

  /**
   * Posts the fine.
   *
   * @param on the day
   * @param cents what the post costs the offender
   */
  record SendFine(@NotNull LocalDate on, @PositiveOrZero long cents) implements FineCommand {}

  /**
   * Records that the offender has received the fine.
   *
   * @param on the day, from which 60 days to pay or to appeal are counted
   * @param type how: {@code P} by post, {@code C} otherwise
   * @param lastSent the code of the last attempt, if known
   */
  record NotifyFine(
      @NotNull LocalDate on,
      @NotNull @Pattern(regexp = "[PC]") String type,
      @Pattern(regexp = "[PNC]") @Nullable String lastSent)
      implements FineCommand {}

  /**
   * Raises the amount because 60 days have passed.
   *
   * @param on the day
   * @param cents the new amount, in place of the first one
   */
  record AddPenalty(@NotNull LocalDate on, @PositiveOrZero long cents) implements FineCommand {}

  /**
   * Records a payment.
   *
   * @param on the day it came in
   * @param cents what came in
   * @param totalCents what the cash desk says has been paid in total
   */
  record RecordPayment(
      @NotNull LocalDate on, @PositiveOrZero long cents, @PositiveOrZero long totalCents)
      implements FineCommand {}

  /**
   * Records that the offender appeals to the prefecture.
   *
   * @param on the day
   */
  record FileAppeal(@NotNull LocalDate on) implements FineCommand {}

  /**
   * Sends the offender's appeal to the prefecture.
   *
   * @param on the day
   * @param dismissal {@code #} if the prefecture dismisses the fine, the code of the creation if
   *     the office had; null if the fine stands
   */
  record SendAppeal(
      @NotNull LocalDate on, @Pattern(regexp = "[A-Z0-9@$#]") @Nullable String dismissal)
      implements FineCommand {}

  /**
   * Records that the prefecture has decided.
   *
   * @param on the day
   */
  record ReceiveResult(@NotNull LocalDate on) implements FineCommand {}

  /**
   * Records that the offender has been told the prefecture's decision.
   *
   * @param on the day
   */
  record NotifyResult(@NotNull LocalDate on) implements FineCommand {}

  /**
   * Records that the offender appeals to a judge.
   *
   * @param on the day
   * @param dismissal {@code G} if the judge dismisses the fine; null if the fine stands
   */
  record AppealToJudge(@NotNull LocalDate on, @Pattern(regexp = "G") @Nullable String dismissal)
      implements FineCommand {}

  /**
   * Hands what is outstanding to a collection agency.
   *
   * @param on the day
   */
  record SendToCollection(@NotNull LocalDate on) implements FineCommand {}
}
