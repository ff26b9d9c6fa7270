package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.projections.Fuzz;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Scripts that are called with anything, on keys that hold anything. */
class ScriptFuzzTest {
  private static final List<String> TYPES =
      List.of("string", "list", "set", "zset", "hash", "stream");
  private static final List<String> STREAMS = List.of("log", "s", "s2");

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static HostileServer server;

  @SuppressWarnings("NullAway.Init") // read before the first test
  private static String world;

  @BeforeAll
  static void open() throws IOException {
    redis = EmbeddedRedis.start("enable-debug-command yes");
    server = new HostileServer(redis);
    try (var resource = ScriptFuzzTest.class.getResourceAsStream("script-world.lua")) {
      world =
          new String(Objects.requireNonNull(resource).readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @AfterAll
  static void close() throws IOException {
    server.close();
    redis.close();
  }

  @Test
  void everyScriptIsCalledAndWouldSucceed() throws Exception {
    assertThat(ScriptCalls.ALL.stream().map(ScriptCalls::script).collect(Collectors.toSet()))
        .isEqualTo(ScriptCalls.existing());
    for (ScriptCalls call : ScriptCalls.ALL) {
      begin();
      assertThat(String.valueOf(eval(call.source(), call.keys(), call.args())))
          .as(call.toString())
          .doesNotStartWith("-");
    }
  }

  @Test
  void aScriptThatFailsHasWrittenNothing() throws Exception {
    Fuzz.run(0.3, ScriptFuzzTest::hostileCall);
  }

  private static void hostileCall(Fuzz fuzz) throws IOException {
    ScriptCalls call = fuzz.pick(ScriptCalls.ALL);
    var keys = new ArrayList<>(call.keys());
    var args = new ArrayList<>(call.args());
    begin();
    int changes = 1 + fuzz.upTo(3);
    for (int i = 0; i < changes; i++) {
      change(fuzz, keys, args);
    }
    List<Object> before = contents();
    String reply = String.valueOf(eval(call.source(), keys, args));
    if (reply.startsWith("-")) {
      List<Object> after = contents();
      if (!after.equals(before)) {
        fail(
            "%s on %s with %s fails half way: %s\n%s\n%s",
            call.script(), keys, shown(args), reply, before, after);
      }
    }
  }

  private static List<String> shown(List<String> args) {
    return args.stream().map(arg -> arg.length() > 80 ? arg.substring(0, 80) + "…" : arg).toList();
  }

  private static void change(Fuzz fuzz, List<String> keys, List<String> args) throws IOException {
    switch (fuzz.upTo(8)) {
      case 0, 1 -> {
        if (!args.isEmpty()) {
          args.set(fuzz.upTo(args.size()), fuzz.hostile());
        }
      }
      case 2 -> {
        if (!args.isEmpty()) {
          args.remove(fuzz.upTo(args.size()));
        }
      }
      case 3 -> args.add(fuzz.upTo(args.size() + 1), fuzz.hostile());
      case 4 -> {
        if (!keys.isEmpty()) {
          keys.removeLast();
        }
      }
      case 5 -> server.overwrite(anyOf(fuzz, keys), fuzz.pick(TYPES), fuzz.hostile());
      case 6 -> damage(fuzz, anyOf(fuzz, keys));
      default -> {
        while (!args.isEmpty() && !fuzz.oneIn(4)) {
          args.removeLast();
        }
      }
    }
  }

  private static String anyOf(Fuzz fuzz, List<String> keys) {
    return keys.isEmpty() ? "log" : fuzz.pick(keys);
  }

  /** Changes a field of a hash, or adds an entry to a stream, or a member to an order. */
  private static void damage(Fuzz fuzz, String key) throws IOException {
    switch (String.valueOf(server.command("TYPE", key))) {
      case "hash" -> {
        var fields = (List<?>) Objects.requireNonNull(server.command("HKEYS", key));
        String field = String.valueOf(fuzz.pick(fields));
        if (fuzz.oneIn(3)) {
          server.command("HDEL", key, field);
        } else {
          server.command("HSET", key, field, fuzz.hostile());
        }
      }
      case "stream" -> {
        String id = fuzz.oneIn(3) ? "2-2000000" : "9-9000000";
        server.command("XDEL", key, id);
        server.command("XADD", key, id, fuzz.oneIn(2) ? "w" : fuzz.hostile(), fuzz.hostile());
      }
      case "zset" -> server.command("ZADD", key, "1", fuzz.hostile());
      default -> server.command("DEL", key);
    }
  }

  private static void begin() throws IOException {
    assertThat(eval(world, List.of(), List.of())).isEqualTo(List.of("done"));
  }

  private static Object eval(String source, List<String> keys, List<String> args)
      throws IOException {
    var words = new ArrayList<>(List.of("EVAL", source, String.valueOf(keys.size())));
    words.addAll(keys);
    words.addAll(args);
    Object reply = server.command(words);
    return reply == null ? List.of() : reply;
  }

  /** All keys and their values, and the groups of streams. */
  private static List<Object> contents() throws IOException {
    var contents = new ArrayList<Object>();
    contents.add(String.valueOf(server.command("DEBUG", "DIGEST")));
    for (String stream : STREAMS) {
      contents.add(String.valueOf(server.command("XINFO", "STREAM", stream)));
      contents.add(String.valueOf(server.command("XINFO", "GROUPS", stream)));
    }
    return contents;
  }
}
