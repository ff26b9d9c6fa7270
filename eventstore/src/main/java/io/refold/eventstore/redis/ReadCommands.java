package io.refold.eventstore.redis;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.redisson.client.handler.State;
import org.redisson.client.protocol.RedisCommand;
import org.redisson.client.protocol.decoder.MultiDecoder;

/** The commands that an examination may use: none of them writes. */
final class ReadCommands {
  private static final Set<String> KNOWN =
      Set.of(
          "CLUSTER NODES",
          "CONFIG GET",
          "EXISTS",
          "HGET",
          "HLEN",
          "HMGET",
          "HSCAN",
          "INFO",
          "SCAN",
          "SCRIPT EXISTS",
          "SLOWLOG GET",
          "TIME",
          "TYPE",
          "XINFO GROUPS",
          "XINFO STREAM",
          "XLEN",
          "XRANGE",
          "XREVRANGE");

  private ReadCommands() {}

  /**
   * Checks that a command only reads.
   *
   * @throws IllegalArgumentException if it is not one of those that are known to
   */
  static void check(String command, Object... args) {
    boolean whole = KNOWN.contains(command);
    if (!whole && (args.length == 0 || !KNOWN.contains(command + " " + args[0]))) {
      throw new IllegalArgumentException("an examination only reads: " + command);
    }
  }

  /** Returns a command whose reply is bytes, a number, a text, or a list of these. */
  static RedisCommand<Object> raw(String command) {
    return new RedisCommand<>(command, new Nested());
  }

  private static final class Nested implements MultiDecoder<Object> {
    @Override
    public Object decode(List<Object> parts, State state) {
      return parts;
    }
  }

  /** Reads a reply's bytes, or a status. */
  static String text(@Nullable Object reply) {
    return switch (reply) {
      case null -> "";
      case byte[] bytes -> Entries.text(bytes);
      default -> reply.toString();
    };
  }

  static List<?> list(@Nullable Object reply) {
    return (List<?>) Objects.requireNonNull(reply);
  }
}
