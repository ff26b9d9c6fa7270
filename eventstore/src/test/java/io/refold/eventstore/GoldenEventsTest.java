package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class GoldenEventsTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // set before each test
  Path directory;

  enum Size {
    SMALL,
    LARGE
  }

  sealed interface Part {}

  record Text(String text) implements Part {}

  record Group(List<Part> parts, Size size) implements Part {}

  sealed interface Event {}

  record Added(
      long cents,
      boolean paid,
      Size size,
      Part part,
      Map<Size, Optional<UUID>> ids,
      Set<Size> sizes,
      Instant at)
      implements Event {}

  record Removed(String reason) implements Event {}

  @AfterEach
  void checkAgain() {
    System.clearProperty(GoldenEvents.PROPERTY);
  }

  @Test
  void theFileHasSamplesOfEveryConstantAndAlternativeInReadableOrder() throws IOException {
    Path file = directory.resolve("not/yet/there.json");

    update(GoldenEvents.of(EventCodec.json(Event.class)).file(file));

    String base =
        "{'cents':5000000000,'paid':true,'size':'SMALL','part':{'$type':'text','text':'text'},'ids':{'SMALL':'00000000-0000-4000-8000-000000000001'},'sizes':['SMALL'],'at':'2020-01-02T03:04:05.123456Z'}";
    String group = "{'$type':'group','parts':[{'$type':'text','text':'text'}],'size':'SMALL'}";
    String text = "{'$type':'text','text':'text'}";
    assertThat(Files.readString(file))
        .isEqualTo(
            String.join(
                    "\n",
                    "{",
                    "  'added': [",
                    "    " + base + ",",
                    "    " + base.replace("'size':'SMALL','part'", "'size':'LARGE','part'") + ",",
                    "    " + base.replace(text, group) + ",",
                    "    " + base.replace(text, group.replace("SMALL", "LARGE")) + ",",
                    "    " + base.replace("'ids':{'SMALL'", "'ids':{'LARGE'") + ",",
                    "    " + base.replace("['SMALL']", "['LARGE']"),
                    "  ],",
                    "  'removed': [",
                    "    {'reason':'reason'}",
                    "  ]",
                    "}",
                    "")
                .replace('\'', '"'));
    GoldenEvents.of(EventCodec.json(Event.class)).file(file).verify();
  }

  @Test
  void aMissingFileFailsAndSaysHowToWriteIt() {
    Path file = directory.resolve("events.json");

    assertThatThrownBy(() -> GoldenEvents.of(EventCodec.json(Event.class)).file(file).verify())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("lacks samples of [added, removed]")
        .hasMessageContaining("-Drefold.golden=update");
    assertThat(file).doesNotExist();
  }

  static final class V1 {
    record Paid(int cents, Size size) {}
  }

  static final class Renamed {
    record Paid(int amount, Size size) {}
  }

  static final class Retyped {
    record Paid(String cents, Size size) {}
  }

  static final class Grown {
    record Paid(int cents, Size size, String by) {}
  }

  static final class Shrunk {
    record Paid(int cents) {}
  }

  static final class Normalised {
    record Paid(int cents, Size size) {
      Paid {
        cents = Math.max(cents, 100);
      }
    }
  }

  enum MoreSizes {
    HUGE,
    LARGE,
    SMALL
  }

  enum FewerSizes {
    SMALL
  }

  static final class MoreConstants {
    record Paid(int cents, MoreSizes size) {}
  }

  static final class FewerConstants {
    record Paid(int cents, FewerSizes size) {}
  }

  static final class Reordered {
    record Paid(Size size, int cents) {}
  }

  @Test
  void changedFormsFailWithOldAndNewAndAreNeverOverwritten() throws IOException {
    Path file = directory.resolve("events.json");
    update(GoldenEvents.of(EventCodec.json(V1.Paid.class)).file(file));
    String before = Files.readString(file);

    for (Class<?> changed :
        List.of(
            Renamed.Paid.class,
            Retyped.Paid.class,
            Grown.Paid.class,
            Shrunk.Paid.class,
            Normalised.Paid.class,
            FewerConstants.Paid.class)) {
      var golden = GoldenEvents.of(EventCodec.json(changed)).file(file);
      assertThatThrownBy(() -> update(golden), changed.getName())
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("the stored form of 'paid' has changed")
          .hasMessageContaining("old: {\"cents\":1,\"size\":")
          .hasMessageContaining("new: {")
          .hasMessageContaining("give it version 2 and an upcast from 1, or undo the change");
      assertThat(Files.readString(file)).isEqualTo(before);
    }
  }

  @Test
  void reorderingIsNoChangeAndNewConstantsOnlyAdd() throws IOException {
    Path file = directory.resolve("events.json");
    update(GoldenEvents.of(EventCodec.json(V1.Paid.class)).file(file));
    String before = Files.readString(file);

    GoldenEvents.of(EventCodec.json(Reordered.Paid.class)).file(file).verify();
    var more = GoldenEvents.of(EventCodec.json(MoreConstants.Paid.class)).file(file);
    assertThatThrownBy(more::verify).hasMessageContaining("nothing that is in it has changed");
    update(more);

    assertThat(Files.readString(file))
        .isEqualTo(before.replace("\n  ]", ",\n    {\"cents\":1,\"size\":\"HUGE\"}\n  ]"));
    more.verify();
  }

  @Test
  void aDefaultMakesANewComponentLegal() throws IOException {
    Path file = directory.resolve("events.json");
    update(GoldenEvents.of(EventCodec.json(V1.Paid.class)).file(file));
    var golden =
        GoldenEvents.of(
                EventCodec.jsonBuilder(Grown.Paid.class)
                    .defaultValue(Grown.Paid.class, "by", "cash")
                    .build())
            .file(file);

    update(golden);
    golden.verify();

    assertThat(Files.readString(file))
        .contains("{\"cents\":1,\"size\":\"LARGE\"}")
        .contains("{\"cents\":1,\"size\":\"LARGE\",\"by\":\"by\"}");
  }

  @Test
  void olderVersionsStayInTheFileAndMustBeReadable() throws IOException {
    Path file = directory.resolve("events.json");
    update(GoldenEvents.of(EventCodec.json(V1.Paid.class)).file(file));
    var mended =
        GoldenEvents.of(second(data -> data.set("amount", data.remove("cents")))).file(file);

    update(mended);
    mended.verify();

    assertThat(Files.readString(file))
        .contains("\"paid\": [\n    {\"cents\":1", "\"paid@2\": [\n    {\"amount\":1");
    assertThatThrownBy(
            () -> GoldenEvents.of(second(data -> data.put("amount", "none"))).file(file).verify())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("'paid' can no longer be read")
        .hasMessageContaining("stored: {\"cents\":1,\"size\":\"LARGE\"}");
    assertThatThrownBy(() -> GoldenEvents.of(EventCodec.json(V1.Paid.class)).file(file).verify())
        .hasMessageContaining("'paid@2' has vanished")
        .hasMessageContaining("newer than this program");
  }

  private static EventCodec<Renamed.Paid> second(UnaryOperator<ObjectNode> upcast) {
    return EventCodec.jsonBuilder(Renamed.Paid.class)
        .version(Renamed.Paid.class, 2)
        .upcast("paid", 1, upcast)
        .build();
  }

  record Left(String reason) {}

  @Test
  void aTypeThatVanishesFailsUnlessItIsAccountedFor() {
    Path file = directory.resolve("events.json");
    update(GoldenEvents.of(EventCodec.json(Removed.class)).file(file));

    var skipping = EventCodec.jsonBuilder(Left.class).skipUnreadable(unreadable -> true).build();
    assertThatThrownBy(() -> update(GoldenEvents.of(skipping).file(file)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("'removed' has vanished")
        .hasMessageContaining("renamed, an upcast, replaced or retired");
    update(
        GoldenEvents.of(EventCodec.jsonBuilder(Left.class).renamed("removed", "left").build())
            .file(file));
    update(
        GoldenEvents.of(EventCodec.jsonBuilder(Left.class).retired("removed").build()).file(file));
  }

  private static void update(GoldenEvents golden) {
    System.setProperty(GoldenEvents.PROPERTY, "update");
    try {
      golden.verify();
    } finally {
      System.clearProperty(GoldenEvents.PROPERTY);
    }
  }
}
