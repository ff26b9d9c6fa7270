package io.refold.sample.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far a task is: a bar on a terminal, a line now and then elsewhere. Thread-safe. */
interface Progress extends AutoCloseable {
  /**
   * Tells that so many units are done, of so many in all; 0 if that is unknown. Quick, so that it
   * can be called for each of them.
   */
  void at(long done, long total);

  @Override
  void close();

  /** Starts to show progress. */
  static Progress start(PrintStream out, String task, String unit) {
    return onTerminal() ? new Bar(task, unit) : new Lines(out, unit);
  }

  @SuppressWarnings("SystemConsoleNull") // with the property, it is null without a terminal
  private static boolean onTerminal() {
    System.setProperty("jdk.console", "java.base");
    return System.console() != null && !"dumb".equals(System.getenv("TERM"));
  }

  /** A bar that redraws itself. */
  final class Bar implements Progress {
    private final ProgressBar bar;

    private Bar(String task, String unit) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("   " + task)
              .setUnit(" " + unit, 1)
              .setStyle(ProgressBarStyle.UNICODE_BLOCK)
              .setUpdateIntervalMillis(200)
              .setInitialMax(-1)
              .showSpeed()
              .build();
    }

    @Override
    public void at(long done, long total) {
      if (total > 0 && total != bar.getMax()) {
        bar.maxHint(total);
      }
      if (done > bar.getCurrent()) {
        bar.stepTo(done);
      }
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** A line every few seconds. */
  final class Lines implements Progress {
    private static final Duration INTERVAL = Duration.ofSeconds(3);

    private final PrintStream out;
    private final String unit;
    private final long start = System.nanoTime();
    private volatile long next = start + INTERVAL.toNanos();

    private Lines(PrintStream out, String unit) {
      this.out = out;
      this.unit = unit;
    }

    @Override
    public void at(long done, long total) {
      if (System.nanoTime() - next >= 0) {
        print(done, total);
      }
    }

    private synchronized void print(long done, long total) {
      long now = System.nanoTime();
      if (now - next < 0) {
        return; // another thread was faster
      }
      next = now + INTERVAL.toNanos();
      double seconds = (now - start) / 1e9;
      String share = total == 0 ? "" : String.format(Locale.ROOT, " (%d%%)", 100 * done / total);
      out.printf(
          Locale.ROOT,
          "   %,11d %s%s after %.0f s, %,.0f a second%n",
          done,
          unit,
          share,
          seconds,
          done / seconds);
    }

    @Override
    public void close() {}
  }
}
