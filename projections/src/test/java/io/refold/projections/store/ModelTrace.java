package io.refold.projections.store;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/**
 * A run of the protocol's model: what each actor called, in the order of the calls, and what came
 * of it. See {@code docs/model}.
 *
 * @param name the scenario and its seed
 * @param lines the calls, and what became of actors
 */
record ModelTrace(String name, List<Line> lines) {
  private static final String RESOURCE = "/model-traces.txt.gz";

  /**
   * A call of an actor.
   *
   * @param text the line as it stands
   * @param call the call with its arguments; empty for a remark
   * @param outcome what it led to
   */
  record Line(String text, List<String> call, String outcome) {
    static Line of(String text) {
      if (text.startsWith("#")) {
        return new Line(text, List.of(), "");
      }
      int equals = text.indexOf(" = ");
      List<String> words = List.of(text.substring(0, equals).split(" ", -1));
      return new Line(text, words.subList(1, words.size()), text.substring(equals + 3));
    }
  }

  /** Tells whether a slot falls back to an earlier state. */
  boolean losesHistory() {
    return lines.stream().anyMatch(line -> line.call().contains("failover"));
  }

  /** Reads all traces. */
  static List<ModelTrace> all() {
    var traces = new ArrayList<ModelTrace>();
    try (InputStream file =
            Objects.requireNonNull(ModelTrace.class.getResourceAsStream(RESOURCE), RESOURCE);
        var reader =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(file), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("== ")) {
          traces.add(new ModelTrace(line.substring(3), new ArrayList<>()));
        } else {
          traces.getLast().lines().add(Line.of(line));
        }
      }
      return traces;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
