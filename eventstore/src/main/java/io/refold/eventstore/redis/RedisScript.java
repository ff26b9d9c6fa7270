package io.refold.eventstore.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A Lua script that runs inside the server, atomically and on one cluster slot. Loaded from a
 * resource, one per verb. Immutable.
 *
 * @param name the resource's name, for error messages
 * @param source the script
 * @param sha its SHA-1, by which the server knows it
 */
public record RedisScript(String name, String source, String sha) {
  /**
   * Loads a script that lies beside a class.
   *
   * @param anchor the class
   * @param name the resource: {@code "append.lua"}
   * @throws IllegalArgumentException if there is no such resource
   */
  public static RedisScript load(Class<?> anchor, String name) {
    return of(name, source(anchor, name));
  }

  /** Loads a script that begins with other resources, in this order. */
  static RedisScript load(Class<?> anchor, String name, String... before) {
    var source = new StringBuilder();
    for (String part : before) {
      source.append(source(anchor, part));
    }
    return of(name, source.append(source(anchor, name)).toString());
  }

  /** Names a call of it in errors: {@code "append.lua on {refold:p/1.0}:log"}. */
  String on(List<String> keys) {
    return "%s on %s".formatted(name, keys.getFirst());
  }

  private static RedisScript of(String name, String source) {
    try {
      byte[] sha =
          MessageDigest.getInstance("SHA-1").digest(source.getBytes(StandardCharsets.UTF_8));
      return new RedisScript(name, source, HexFormat.of().formatHex(sha));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  private static String source(Class<?> anchor, String name) {
    try (InputStream resource = anchor.getResourceAsStream(name)) {
      if (resource == null) {
        throw new IllegalArgumentException("no script %s beside %s".formatted(name, anchor));
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
