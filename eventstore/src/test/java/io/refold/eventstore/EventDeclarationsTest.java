package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class EventDeclarationsTest {
  sealed interface Event {}

  record Placed(long cents) implements Event {}

  record Paid(long cents) implements Event {}

  record Delivered(String carrier, int parcels) implements Event {}

  @Test
  void wrongDeclarationsFailWhenTheCodecIsBuilt() {
    refused(b -> b.named(Event.class, "x"), "Event is not an event of");
    refused(b -> b.version(Event.class, 1), "Event is not an event of");
    refused(b -> b.defaultValue(Event.class, "x", 1), "Event is not an event of");
    refused(b -> b.named(Paid.class, "placed"), "two events of Event would be stored as 'placed'");
    for (String name : List.of("$paid", "paid@2", " ", "a\nb", "x".repeat(129))) {
      refused(b -> b.named(Paid.class, name), "event type");
      refused(b -> b.retired(name), "event type");
      refused(b -> b.renamed(name, "paid"), "event type");
    }
    refused(b -> b.version(Paid.class, 0), "versions count from 1");
    refused(b -> b.version(Paid.class, 2), "no upcast leads on from version 1 of 'paid'");
    refused(
        b -> b.version(Paid.class, 3).upcast("paid", 1, d -> d),
        "leads to 'paid@2', which is neither a present type nor has an upcast");
    refused(
        b -> b.version(Paid.class, 3).upcast("paid", 2, d -> d),
        "no upcast leads on from version 1 of 'paid'");
    refused(b -> b.upcast("paid", 1, d -> d), "whose present version is 1");
    refused(
        b -> b.version(Paid.class, 2).upcast("paid", 1, d -> d).upcast("paid", 5, d -> d),
        "there is an upcast from version 5 of 'paid'");
    refused(b -> b.upcast("gone", 1, d -> d), "leads to 'gone@2'");
    refused(
        b -> b.replaced("gone", 2, Set.of(), (d, s) -> List.of()),
        "no upcast leads on from version 1 of 'gone'");
    refused(b -> b.replaced("gone", 1, Set.of("paid@2"), (d, s) -> List.of()), "leads to 'paid@2'");
    refused(b -> b.replaced("gone", 1, Set.of("$x"), (d, s) -> List.of()), "no stored type");
    refused(
        b ->
            b.replaced("a", 1, Set.of("b"), (d, s) -> List.of())
                .replaced("b", 1, Set.of("paid", "a"), (d, s) -> List.of()),
        "upcasts lead in a circle: a to b to a");
    refused(b -> b.replaced("a", 1, Set.of("a"), (d, s) -> List.of()), "in a circle: a to a");
    refused(b -> b.retired("paid"), "'paid' is retired, but also has a record");
    refused(
        b -> b.retired("a").replaced("a", 1, Set.of(), (d, s) -> List.of()),
        "'a' is retired, but also has upcasts");
    refused(b -> b.renamed("paid", "placed"), "'paid' is renamed, but also has a record");
    refused(b -> b.renamed("payed", "pade"), "neither a present type nor has upcasts");
    refused(b -> b.retired("payed").renamed("payed", "paid"), "both retired and renamed");
    refused(b -> b.named(Paid.class, "a").named(Paid.class, "b"), "declared twice");
    refused(b -> b.upcast("a", 1, d -> d).upcast("a", 1, d -> d), "declared twice");
  }

  record Listed(List<String> names, long count) {}

  @Test
  void defaultsThatAreNoValuesOfTheirComponentAreRefused() {
    refused(b -> b.defaultValue(Delivered.class, "weight", 1), "no stored component 'weight'");
    refused(
        b -> b.defaultValue(Delivered.class, "parcels", 1L),
        "is 1 (java.lang.Long), which is no value of int");
    refused(b -> b.defaultValue(Delivered.class, "carrier", 1), "no value of java.lang.String");
    assertThatThrownBy(() ->
            EventCodec.jsonBuilder(Listed.class)
                .defaultValue(Listed.class, "names", List.of(1))
                .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no value of java.util.List<java.lang.String>");
    assertThat(
            EventCodec.jsonBuilder(Listed.class)
                .defaultValue(Listed.class, "names", List.of("a"))
                .defaultValue(Listed.class, "count", 2L)
                .build()
                .decode(
                    new StoredEvent(
                        new StreamId("test", "1"),
                        1,
                        new Position(0, 1, 1),
                        "c",
                        Metadata.empty(),
                        new EncodedEvent("listed", "{}".getBytes(StandardCharsets.UTF_8)))))
        .containsExactly(new Listed(List.of("a"), 2));
  }

  private static void refused(Consumer<JsonEventCodecBuilder<Event>> declarations, String reason) {
    assertThatThrownBy(
            () -> {
              var builder = EventCodec.jsonBuilder(Event.class);
              declarations.accept(builder);
              builder.build();
            })
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }
}
