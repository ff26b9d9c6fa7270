package io.refold.projections.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.refold.eventstore.redis.RedisEventStore;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A call of every script, on the keys of {@code script-world.lua}. */
record ScriptCalls(String script, List<String> keys, List<String> args) {
  private static final String REBUILD = "2 1 REBUILD";

  /** What a file begins with when it is loaded. */
  private static final List<String> PARTS = List.of("exact.lua", "stream.lua", "unique.lua");

  static final List<ScriptCalls> ALL =
      List.of(
          of(
              "append.lua",
              "log count s",
              "c9",
              "",
              "256",
              "256",
              "account:1",
              "3",
              "2",
              "t",
              "{}",
              "t",
              "{}"),
          of(
              "append.lua",
              "log count s",
              "c9",
              "{}",
              "256",
              "256",
              "account:1",
              "-1",
              "1",
              "t",
              "{}"),
          of(
              "append.lua",
              "log count s s2",
              "c9",
              "",
              "256",
              "256",
              "account:1",
              "3",
              "1",
              "t",
              "{}",
              "other:1",
              "2",
              "1",
              "t",
              "{}"),
          of("append.lua", "log count s", "c2", "", "256", "256", "account:1", "1", "1", "t", "{}"),
          of("mark.lua", "log count s snap", "c9", "256", "256", "account:1", "3", "$closed", "{}"),
          of(
              "mark.lua",
              "log count s snap",
              "c9",
              "256",
              "256",
              "account:1",
              "-1",
              "$deleted",
              "{}"),
          of(
              "mark.lua",
              "log count s snap",
              "c9",
              "256",
              "256",
              "account:1",
              "-1",
              "$cancelled",
              "{}"),
          of("confirm.lua", "count"),
          of("head.lua", "log count"),
          of("open.lua", "meta", "1", "16"),
          of("open.lua", "nothing", "1", "16"),
          of("load.lua", "s snap", "shape", "100"),
          of("snapshot.lua", "s snap", "3", "2-2000000", "shape", "{}", "c1"),
          of("key_discard.lua", "seal"),
          of("key_forget.lua", "subject streams"),
          of("key_read.lua", "subject streams"),
          of("key_seal.lua", "seal", "k"),
          of("key_write.lua", "subject streams", "k", "account:2"),
          of("unique_confirm.lua", "value", "account:1", "c1"),
          of("unique_find.lua", "value"),
          of("unique_giveup.lua", "held", "account:1", "c1", "1000"),
          of("unique_release.lua", "value", "account:1", "c1", "a", "1000"),
          of("unique_replace.lua", "value", "account:1", "c1", "other:1", "c2", "b", "1000"),
          of("unique_reserve.lua", "value", "account:1", "c1", "b", "1000", "1000"),
          of("unique_reserve.lua", "held", "account:1", "c2", "b", "1000", "1000"),
          of("unique_reserve.lua", "nothing", "account:1", "c1", "b", "1000", "1000"),
          of("acquire.lua", "lease at", "p", "1000000", "1"),
          of("advance.lua", "lease parked", "o", "5", "account:1", "4"),
          of("arrival.lua", "at log parked", "1-1000000"),
          of("arrival.lua", "at log nothing", "2-2000000"),
          of("attend.lua", "workers", "w2", "1000000"),
          of("bound.lua", "at", "1-1000000"),
          of("deadlines_change.lua", "deadlines", "1", "1 remind\0i1", "3000", "3 x\0i3"),
          of("deadlines_due.lua", "deadlines", "1500", "0", "10"),
          of("deliver_keep.lua", "log", "g", "owner", "2-2000000"),
          of("deliver_leave.lua", "log", "g", "nobody"),
          of("deliver_lost.lua", "at", "lost: 1-1"),
          of("deliver_next.lua", "at log", "g", "owner", "10", "account", "other"),
          of("deliver_next.lua", "at log", "new", "owner", "10", "account"),
          of("deliver_resolve.lua", "parked dropped", "3 account:1", "replace", "2", "why"),
          of("deliver_resolve.lua", "parked dropped", "3 account:1", "drop", "0", "why"),
          of(
              "deliver_settle.lua",
              "log parked",
              "g",
              "owner",
              "2-2000000",
              "3 account:1",
              "2",
              "why"),
          of("deliver_tend.lua", "lease at log", "g", "owner", "0", "1000000", "100"),
          of("dismiss.lua", "workers"),
          of("drop.lua", "lease parked dropped", "o", "5", "why", "3", "account:1", "1", "other:1"),
          of("drop_inherit.lua", "dropped dropped2 nothing"),
          of("freeze.lua", "lease at at2", "2"),
          of("generation_forget.lua", "views", "x", "7", "1000"),
          of("generation_look.lua", "views", "x", "1", "1000"),
          of("generation_open.lua", "views", "x", "1", "{\"version\":1}"),
          of("generation_open.lua", "views", "y", "1", "{\"version\":1}"),
          of("generation_retire.lua", "views", "x", "5", "1000"),
          of("hand_over.lua", "lease filling log", "o", "5", "g3", "2-2000000"),
          of("leave.lua", "workers", "w1"),
          of("missing.lua", "log", "1-1000000", "9-9"),
          of("next.lua", "lease at log", "o", "5", "g", "1-1000000", "10"),
          of("next.lua", "lease at log", "o", "5", "new", "1-1000000", "10"),
          of("outlook.lua", "lease at log count parked"),
          of("park.lua", "lease parked", "o", "5", "account:1", "3", "1", "why", ""),
          of("parked_ask.lua", "parked", "other:1", "drop 1 why", "1"),
          of("parked_list.lua", "parked"),
          of("parked_load.lua", "lease parked", "o", "5"),
          of("pending.lua", "lease at log", "o", "5", "g", "1-1000000", "10"),
          of("pending.lua", "lease at log", "o", "5", "new", "1-1000000", "10"),
          of("rebuild_cancel.lua", "views", "x", REBUILD),
          of("rebuild_direct.lua", "views", "x", REBUILD, "5 0 0"),
          of("rebuild_flip.lua", "views", "x", REBUILD, "2"),
          of("rebuild_flip.lua", "views", "x", REBUILD, "1"),
          of("rebuild_keep.lua", "views", "x", REBUILD, "co", "1000000"),
          of(
              "rebuild_start.lua",
              "views",
              "x",
              "2",
              "{\"version\":2}",
              "c2",
              "1000000",
              "REBUILD",
              "0 0 0"),
          of(
              "rebuild_start.lua",
              "views",
              "x",
              "1",
              "{\"version\":1}",
              "c2",
              "1000000",
              "VERIFICATION",
              "0 0 0"),
          of(
              "rebuild_start.lua",
              "views",
              "x",
              "3",
              "{\"version\":3}",
              "c2",
              "1000000",
              "ADOPT",
              "0 0 0"),
          of("release.lua", "lease", "o", "5"),
          of("renew.lua", "lease lease2", "1000000", "o", "5", "o", "5"),
          of("report.lua", "lease at", "o", "5", "problem", "2"),
          of(
              "settle.lua",
              "lease at log",
              "o",
              "5",
              "g",
              "2-2000000",
              "4",
              "0",
              "1",
              "2-2000000",
              "0",
              "2-2000000"),
          of("start_anew.lua", "lost parked dropped log", "g", "1-1000000", "2"),
          of("state.lua", "lease at", "o", "5"),
          of("subscribe.lua", "nothing", "1-1000000", "2"),
          of("thaw.lua", "lease at2 parked2 dropped2 log lease2", "g2", "2"),
          of("unpark.lua", "lease parked", "o", "5", "account:1"),
          of("unsubscribe.lua", "lease at parked dropped log", "g"),
          of(
              "view_commit.lua",
              "head rows keys ix ix2",
              "0",
              "o",
              "5",
              "c0",
              "1-1000000",
              "2-2000000",
              "2",
              "n0:other:1",
              "1 2-2000000",
              "3",
              "k1",
              "k2",
              "k3",
              "3",
              "3",
              "4",
              "0",
              "4",
              "k1",
              "{}",
              "k3",
              "{}",
              "1",
              "k2",
              "1",
              "k3",
              "1",
              "b\0k2",
              "1",
              "c\0k3",
              "0",
              "1",
              "c\0k3"),
          of("view_count.lua", "head keys", "-", "+"),
          of("view_create.lua", "nothing"),
          of("view_delete.lua", "head rows keys ix"),
          of("view_fence.lua", "head", "0", "p", "6"),
          of("view_head.lua", "head", "0"),
          of("view_keys.lua", "head rows", "0"),
          of("view_members.lua", "head ix", "-", "+", "10"),
          of(
              "view_mend.lua",
              "head rows keys ix",
              "0",
              "o",
              "5",
              "k1",
              "3",
              "{}",
              "1",
              "1",
              "a",
              "1",
              "1",
              "z"),
          of(
              "view_mend.lua",
              "head rows keys ix",
              "0",
              "o",
              "5",
              "k1",
              "3",
              "",
              "1",
              "1",
              "a",
              "0"),
          of("view_read.lua", "head rows", "0", "1", "n0:account:1", "k1", "k9"),
          of("view_select.lua", "head rows ix", "-", "+", "0", "10", "1"),
          of("view_unnote.lua", "head", "0", "o", "5", "n0:account:1"));

  private static ScriptCalls of(String script, String keys, String... args) {
    return new ScriptCalls(script, List.of(keys.split(" ")), List.of(args));
  }

  /** Returns the whole script as it is loaded. */
  String source() throws IOException {
    return switch (script) {
      case "append.lua" -> file("exact.lua") + file("stream.lua") + file(script);
      case "mark.lua" -> file("stream.lua") + file(script);
      default -> script.startsWith("unique_") ? file("unique.lua") + file(script) : file(script);
    };
  }

  private static String file(String name) throws IOException {
    for (Class<?> anchor : List.of(RedisEventStore.class, RedisProjectionStore.class)) {
      try (var resource = anchor.getResourceAsStream(name)) {
        if (resource != null) {
          return new String(resource.readAllBytes(), UTF_8);
        }
      }
    }
    throw new IllegalArgumentException("no script " + name);
  }

  /** Returns the names of all scripts that there are. */
  static Set<String> existing() throws IOException, URISyntaxException {
    var names = new ArrayList<String>();
    for (Class<?> anchor : List.of(RedisEventStore.class, RedisProjectionStore.class)) {
      URI one =
          Objects.requireNonNull(
                  anchor.getResource(anchor == RedisEventStore.class ? "append.lua" : "settle.lua"))
              .toURI();
      if (one.getScheme().equals("jar")) {
        try (var jar = FileSystems.newFileSystem(one, Map.of())) {
          String inside = one.toString().split("!", 2)[1];
          names.addAll(beside(jar.getPath(inside)));
        }
      } else {
        names.addAll(beside(Path.of(one)));
      }
    }
    return names.stream()
        .filter(name ->
            name.endsWith(".lua") && !PARTS.contains(name) && !name.equals("script-world.lua"))
        .collect(Collectors.toSet());
  }

  private static List<String> beside(Path script) throws IOException {
    try (Stream<Path> files = Files.list(Objects.requireNonNull(script.getParent()))) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }
}
