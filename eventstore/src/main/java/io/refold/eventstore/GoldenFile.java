package io.refold.eventstore;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Samples of stored events in a file: a JSON object of lists, sorted by type, a sample a line. */
final class GoldenFile {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path path;

  GoldenFile(Path path) {
    this.path = path;
  }

  /** Reads all samples; none if there is no file. */
  SortedMap<TypeVersion, List<ObjectNode>> read() {
    var samples = new TreeMap<TypeVersion, List<ObjectNode>>();
    if (!Files.exists(path)) {
      return samples;
    }
    for (var entry : parse().properties()) {
      TypeVersion type =
          TypeVersion.parse(entry.getKey())
              .orElseThrow(() -> damaged("'%s' is no event type".formatted(entry.getKey()), null));
      var list = new ArrayList<ObjectNode>();
      for (JsonNode sample : entry.getValue()) {
        if (!(sample instanceof ObjectNode object)) {
          throw damaged("'%s' has a sample that is no object".formatted(type), null);
        }
        list.add(object);
      }
      samples.put(type, list);
    }
    return samples;
  }

  /** Writes all samples, and makes missing directories. */
  void write(SortedMap<TypeVersion, List<ObjectNode>> samples) {
    var blocks = new ArrayList<String>();
    samples.forEach((type, list) -> {
      List<String> lines = list.stream().map(sample -> "    " + text(sample)).toList();
      blocks.add(
          "  %s: [\n%s\n  ]"
              .formatted(MAPPER.writeValueAsString(type.stored()), String.join(",\n", lines)));
    });
    try {
      Files.createDirectories(path.toAbsolutePath().getParent());
      Files.writeString(path, "{\n" + String.join(",\n", blocks) + "\n}\n");
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be written".formatted(path), e);
    }
  }

  static ObjectNode parse(EncodedEvent event) {
    return (ObjectNode) MAPPER.readTree(event.data());
  }

  static String text(JsonNode sample) {
    return MAPPER.writeValueAsString(sample);
  }

  private ObjectNode parse() {
    try {
      if (MAPPER.readTree(Files.readString(path)) instanceof ObjectNode object) {
        return object;
      }
      throw damaged("it is no JSON object", null);
    } catch (JacksonException e) {
      throw damaged(e.toString(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be read".formatted(path), e);
    }
  }

  private AssertionError damaged(String reason, @Nullable Throwable cause) {
    return new AssertionError("%s is damaged: %s".formatted(path, reason), cause);
  }
}
