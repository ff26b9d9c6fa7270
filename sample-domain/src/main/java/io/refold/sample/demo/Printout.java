package io.refold.sample.demo;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** What the demo prints: numbered steps, text, tables and progress. */
final class Printout {
  private static final int WIDEST_COLUMN = 90;

  private final PrintStream out;
  private int step;

  Printout(PrintStream out) {
    this.out = out;
  }

  void step(String title, String explanation) {
    out.printf("%n%d. %s%n", ++step, title);
    explanation.lines().forEach(text -> out.println("   " + text));
  }

  void line(String text) {
    out.println("   " + text);
  }

  /** Prints a table; a heading that ends in {@code #} marks a column of numbers. */
  void table(List<String> headings, List<List<String>> rows) {
    Column[] columns =
        headings.stream()
            .map(heading ->
                new Column()
                    .header(heading.replace("#", ""))
                    .maxWidth(WIDEST_COLUMN)
                    .headerAlign(align(heading))
                    .dataAlign(align(heading)))
            .toArray(Column[]::new);
    Object[][] data = rows.stream().map(List::toArray).toArray(Object[][]::new);
    AsciiTable.builder()
        .border(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS)
        .lineSeparator("\n")
        .data(columns, data)
        .asString()
        .lines()
        .forEach(text -> out.println("   " + text));
  }

  private static HorizontalAlign align(String heading) {
    return heading.endsWith("#") ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT;
  }

  /** Starts to show progress. */
  Progress progress(String task, String unit) {
    return Progress.start(out, task, unit);
  }

  static String euros(long cents) {
    return String.format(Locale.ROOT, "%,.2f", cents / 100.0);
  }

  static String number(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}
