package io.refold.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The code in the README and the guides is code of the packages {@code readme} and {@code guide}.
 */
class DocumentedCodeTest {
  private static final Path HERE = Path.of("src/test/java/io/refold/sample");

  static List<Path> pages() throws IOException {
    try (Stream<Path> guides = Files.list(Path.of("../docs/guides"))) {
      return Stream.concat(Stream.of(Path.of("../README.md")), guides.sorted()).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyBlockOfCodeIsCompiledAndRun(Path page) throws IOException {
    String compiled = compiled();
    List<String> blocks =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(text(page))
            .results()
            .map(block -> block.group(1))
            .toList();

    assertThat(blocks).isNotEmpty();
    for (String block : blocks) {
      for (String part : block.split("\n *// …\n", -1)) {
        assertThat(compiled).as(block).contains(squeeze(part));
      }
    }
  }

  private static String compiled() throws IOException {
    try (Stream<Path> readme = Files.list(HERE.resolve("readme"));
        Stream<Path> guide = Files.list(HERE.resolve("guide"))) {
      return Stream.concat(readme, guide)
          .map(DocumentedCodeTest::text)
          .map(DocumentedCodeTest::squeeze)
          .collect(Collectors.joining());
    }
  }

  private static String squeeze(String code) {
    return code.replaceAll("\\s+", "");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
