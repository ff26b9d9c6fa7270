package io.refold.projections;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  record Tags(Set<String> tags, List<String> steps, Map<String, Integer> counts) {}

  private static final class Tagged implements Projection<Tags> {
    @Override
    public String name() {
      return "tagged";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Tags> rowType() {
      return Tags.class;
    }

    @Override
    public List<Source<Tags>> sources() {
      return List.of(Source.keyed(Shop.ORDERS, recorded -> List.of("all"), (key, row, r) -> row));
    }
  }

  private static final RowFormat<Tags> FORMAT = new RowFormat<>(new Tagged());

  private static boolean differ(String one, String other) {
    return Comparison.differ(FORMAT, "all", one, other);
  }

  @Test
  void setsAndMapsThatWereWrittenInAnotherOrderDoNotDiffer() {
    assertThat(
            differ(
                "{\"tags\":[\"a\",\"b\"],\"steps\":[\"1\",\"2\"],\"counts\":{\"x\":1,\"y\":2}}",
                "{\"counts\":{\"y\":2,\"x\":1},\"tags\":[\"b\",\"a\"],\"steps\":[\"1\",\"2\"]}"))
        .isFalse();
  }

  @Test
  void listsInAnotherOrderAndOtherElementsDiffer() {
    String row = "{\"tags\":[\"a\"],\"steps\":[\"1\",\"2\"],\"counts\":{}}";
    assertThat(differ(row, "{\"tags\":[\"a\"],\"steps\":[\"2\",\"1\"],\"counts\":{}}")).isTrue();
    assertThat(differ(row, "{\"tags\":[\"c\"],\"steps\":[\"1\",\"2\"],\"counts\":{}}")).isTrue();
  }

  @Test
  void whatCannotBeReadAsARowDiffers() {
    String row = "{\"tags\":[\"a\"],\"steps\":[],\"counts\":{}}";
    assertThat(differ(row, "{\"tags\":7}")).isTrue();
    assertThat(differ(row, "{")).isTrue();
  }
}
