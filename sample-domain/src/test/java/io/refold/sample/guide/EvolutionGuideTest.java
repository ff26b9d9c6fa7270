package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Category;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.GoldenEvents;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Position;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.UnreadableEventException;
import io.refold.eventstore.UpcastEvent;
import io.refold.sample.guide.EvolutionGuideTest.ParcelEvent.Handed;
import io.refold.sample.guide.EvolutionGuideTest.ParcelEvent.Paid;
import io.refold.sample.guide.EvolutionGuideTest.ParcelEvent.Posted;
import io.refold.sample.guide.EvolutionGuideTest.ParcelEvent.Signed;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The code of docs/guides/evolution.md does what the guide says. */
class EvolutionGuideTest {
  /** What a parcel's events are today. */
  sealed interface ParcelEvent {
    record Posted(String to, int grams) implements ParcelEvent {}

    record Paid(long cents, String currency) implements ParcelEvent {}

    record Handed(String carrier) implements ParcelEvent {}

    record Signed(String by) implements ParcelEvent {}
  }

  static final EventCodec<ParcelEvent> PARCEL_EVENTS =
      EventCodec.jsonBuilder(ParcelEvent.class)
          // the class was called ParcelSent: its stored name stays
          .named(Posted.class, "parcel-sent")
          // version 1 had kilograms
          .version(Posted.class, 2)
          .upcast(
              "parcel-sent",
              1,
              data -> {
                data.put("grams", (int) (data.remove("kilos").asDouble() * 1_000));
                return data;
              })
          // an old program wrote "payed"
          .renamed("payed", "paid")
          // once there was no currency
          .defaultValue(Paid.class, "currency", "EUR")
          // "delivered" said two things at once
          .replaced(
              "delivered",
              1,
              Set.of("handed", "signed"),
              (data, stored) ->
                  List.of(
                      new UpcastEvent("handed", data.deepCopy().retain("carrier")),
                      new UpcastEvent("signed", data.retain("by"))))
          // nobody wants to know any more
          .retired("label-printed")
          .build();

  static final Category<ParcelEvent> PARCELS = Category.of("parcel", PARCEL_EVENTS);

  private static List<ParcelEvent> read(String type, String json) {
    var payload = new EncodedEvent(type, json.getBytes(StandardCharsets.UTF_8));
    var stored =
        new StoredEvent(
            PARCELS.stream("1"), 7, Position.origin(0), "command", Metadata.empty(), payload);
    return PARCELS.read(stored).stream().map(Recorded::event).toList();
  }

  @Test
  void whateverWasStoredIsReadAsTodaysEvents() {
    assertThat(read("parcel-sent", "{\"to\":\"Rome\",\"kilos\":1.5}"))
        .containsExactly(new Posted("Rome", 1_500));
    assertThat(read("parcel-sent@2", "{\"to\":\"Rome\",\"grams\":700}"))
        .containsExactly(new Posted("Rome", 700));
    assertThat(read("payed", "{\"cents\":500}")).containsExactly(new Paid(500, "EUR"));
    assertThat(read("delivered", "{\"carrier\":\"bike\",\"by\":\"Kim\"}"))
        .containsExactly(new Handed("bike"), new Signed("Kim"));
    assertThat(read("label-printed", "{}")).isEmpty();
    assertThat(PARCEL_EVENTS.encode(PARCELS.stream("1"), new Posted("Rome", 700)).type())
        .isEqualTo("parcel-sent@2");
  }

  @Test
  void whatCannotBeReadFailsWithItsAddressUnlessChosenOtherwise() {
    assertThatThrownBy(() -> read("weighed", "{}"))
        .isInstanceOf(UnreadableEventException.class)
        .hasMessageContaining("event 7 of parcel:1 (type 'weighed')");

    EventCodec<ParcelEvent> lenient =
        EventCodec.jsonBuilder(ParcelEvent.class)
            .skipUnreadable(unreadable -> unreadable.typeUnknown())
            .build();

    var payload = new EncodedEvent("weighed", new byte[] {'{', '}'});
    var stored =
        new StoredEvent(
            PARCELS.stream("1"), 7, Position.origin(0), "command", Metadata.empty(), payload);
    assertThat(lenient.decode(stored)).isEmpty();
  }

  @Test
  void theStoredFormOfEventsIsPinned() {
    GoldenEvents.of(PARCEL_EVENTS).file(Path.of("src/test/golden/parcels.json")).verify();
  }
}
