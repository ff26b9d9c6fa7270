package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Whether memory suffices, now and at the pace at which events came so far. */
final class MemoryCheck implements Check {
  static final Illness NO_LIMIT =
      new Illness(
          Severity.ADVICE,
          "no-memory-limit",
          "a server that takes all memory is ended by its kernel instead of refusing writes",
          "set maxmemory to half of the machine's memory, so that snapshots find room");
  static final Illness NEARLY_FULL =
      new Illness(
          Severity.HALT,
          "memory-nearly-full",
          "when memory is full every append is refused",
          "raise maxmemory, move slots to more masters, or delete streams that are closed");
  static final Illness RUNS_OUT =
      new Illness(
          Severity.HALT,
          "memory-runs-out",
          "at the average pace since the first event, memory is full by then",
          "plan for more memory, or more masters");
  static final Illness FRAGMENTED =
      new Illness(
          Severity.SLOW,
          "memory-fragmented",
          "the process takes this much more of the machine's memory than its data",
          "CONFIG SET activedefrag yes, or fail over to a fresh replica");

  private static final double FULL = 0.8;
  private static final double FRAGMENTATION = 1.5;
  private static final long FRAGMENTED_BYTES = 200L << 20;
  private static final int DAYS = 30;
  private static final double DAY_MICROS = 86_400e6;

  @Override
  public String subject() {
    return "memory";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(NO_LIMIT, NEARLY_FULL, RUNS_OUT, FRAGMENTED);
  }

  @Override
  public void examine(Examination on) {
    on.each(on.nodes().all(), this, node -> look(node, on));
    OptionalDouble age = daysSinceFirst(on);
    if (age.isPresent() && age.getAsDouble() >= 1) {
      on.each(on.nodes().masters(), this, node -> forecast(node, age.getAsDouble(), on));
    }
  }

  private static void look(ServerNode node, Examination on) {
    if (node.number("maxmemory") == 0) {
      on.report(
          NO_LIMIT.found(
              "maxmemory of %s is 0; it uses %s of the machine's %s",
              node.name(),
              megabytes(node.number("used_memory")),
              megabytes(node.number("total_system_memory"))));
    }
    long limit = limit(node);
    if (limit > 0 && node.number("used_memory") > FULL * limit) {
      on.report(
          NEARLY_FULL.found(
              "%s uses %s of %s",
              node.name(), megabytes(node.number("used_memory")), megabytes(limit)));
    }
    fragmentation(node.name(), node.number("used_memory"), node.number("used_memory_rss"))
        .ifPresent(on::report);
  }

  static Optional<Finding> fragmentation(String name, long used, long resident) {
    return resident > FRAGMENTATION * used && resident - used > FRAGMENTED_BYTES
        ? Optional.of(
            FRAGMENTED.found(
                "%s keeps %s of data in %s of memory", name, megabytes(used), megabytes(resident)))
        : Optional.empty();
  }

  private static long limit(ServerNode node) {
    long limit = node.number("maxmemory");
    return limit == 0 ? node.number("total_system_memory") : limit;
  }

  private static void forecast(ServerNode node, double age, Examination on) {
    long used = node.number("used_memory") - node.number("used_memory_startup");
    double free = (double) limit(node) - node.number("used_memory");
    double days = free / (used / age);
    if (limit(node) > 0 && days < DAYS) {
      on.report(
          RUNS_OUT.found(
              "%s has grown to %s in %.0f days, and has room for %.0f more",
              node.name(), megabytes(used), age, days));
    }
  }

  /** Returns the age of the oldest log entry in days. */
  private static OptionalDouble daysSinceFirst(Examination on) {
    var ages = new ArrayList<Double>();
    for (int p = 0; p < on.partitions(); p++) {
      String log = on.layout().keys().log(p);
      List<?> first = ReadCommands.list(on.call(log, "XRANGE", log, "-", "+", "COUNT", 1));
      if (!first.isEmpty()) {
        String id = ReadCommands.text(ReadCommands.list(first.getFirst()).getFirst());
        ages.add(
            (on.micros(log) - Double.parseDouble(id.substring(id.indexOf('-') + 1))) / DAY_MICROS);
      }
    }
    return ages.stream().mapToDouble(Double::doubleValue).max();
  }

  private static String megabytes(long bytes) {
    return "%,.1f MB".formatted(bytes / 1e6);
  }
}
