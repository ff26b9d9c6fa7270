package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/**
 * States as JSON. The fingerprint covers the whole shape: names and types of all components,
 * constants of enums, alternatives of sealed types, and the {@linkplain #version version}.
 * Immutable and thread-safe.
 *
 * @param <S> the state
 * @see StateCodec#json
 */
public final class JsonStateCodec<S> implements StateCodec<S> {
  private static final JsonMapper MAPPER = JsonMappers.states(List.of());

  private final Class<S> type;
  private final ObjectReader reader;
  private final ObjectWriter writer;
  private final String fingerprint;

  JsonStateCodec(Class<S> type, int version) {
    this.type = type;
    reader = MAPPER.readerFor(type);
    writer = MAPPER.writerFor(type);
    String shape = JsonShape.describe(MAPPER, MAPPER.constructType(type));
    fingerprint = hash("version %d\n%s".formatted(version, shape));
  }

  /**
   * Returns a codec with another fingerprint. Raise the version whenever the meaning of states
   * changes without a change of their shape, for instance because {@link Decider#evolve} counts
   * otherwise than before; else old snapshots go on being used.
   *
   * @param version from 1, which is the default
   * @throws IllegalArgumentException if it is less than 1
   */
  public JsonStateCodec<S> version(int version) {
    if (version < 1) {
      throw new IllegalArgumentException(
          "version %d of %s: versions count from 1".formatted(version, type.getName()));
    }
    return new JsonStateCodec<>(type, version);
  }

  @Override
  public byte[] encode(S state) {
    try {
      return writer.writeValueAsBytes(state);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "a state of %s cannot be written as JSON: %s"
              .formatted(type.getName(), e.getOriginalMessage()),
          e);
    }
  }

  @Override
  public S decode(byte[] stored) {
    @Nullable S state;
    try {
      state = reader.readValue(stored);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "this is no state of %s: %s".formatted(type.getName(), e.getOriginalMessage()), e);
    }
    if (state == null) {
      throw new IllegalArgumentException(
          "this is no state of %s: JSON null".formatted(type.getName()));
    }
    return state;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JRE has SHA-256", e);
    }
  }
}
