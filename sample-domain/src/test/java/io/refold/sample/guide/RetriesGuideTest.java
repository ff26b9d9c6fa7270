package io.refold.sample.guide;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandOutcomeUnknownException;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Handled;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.UniqueValues.Claim;
import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisUniqueValues;
import io.refold.sample.guide.Orders.OrderCommand;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderState;
import io.refold.sample.guide.Vehicles.ChangePlate;
import io.refold.sample.guide.Vehicles.Register;
import io.refold.sample.guide.Vehicles.Vehicle;
import io.refold.sample.guide.Vehicles.VehicleCommand;
import io.refold.sample.guide.Vehicles.VehicleDecider;
import io.refold.sample.guide.Vehicles.VehicleEvent;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of docs/guides/retries.md does what the guide says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RetriesGuideTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    store = RedisEventStore.connect(redis.url());
  }

  @AfterAll
  static void close() {
    store.close();
    redis.close();
  }

  /** Handles a command, again as long as nobody knows what became of it. */
  static Handled<OrderState, OrderEvent> untilKnown(
      CommandHandler<OrderCommand, OrderState, OrderEvent> orders,
      String id,
      OrderCommand command,
      String requestId) {
    var options = CommandOptions.defaults().withCommandId(requestId);
    CommandOutcomeUnknownException unknown = null;
    for (int attempt = 1; ; attempt++) {
      try {
        return orders.handle(id, command, options);
      } catch (CommandOutcomeUnknownException lost) {
        unknown = lost;
      } catch (StoreUnavailableException away) {
        if (unknown == null) {
          throw away; // nothing was written
        }
        unknown.addSuppressed(away); // this attempt wrote nothing, but an earlier one may have
      }
      if (attempt == 3) {
        throw unknown; // the caller may still repeat the request, tomorrow, elsewhere
      }
    }
  }

  @Test
  void aRepeatedCommandIsDoneOnce() {
    var orders = CommandHandler.on(store, Orders.ORDERS, new OrderDecider()).build();
    var line = new AddLine("pen", 2);

    var first = untilKnown(orders, "o-1", line, "request-1");
    var again = untilKnown(orders, "o-1", line, "request-1");

    assertThat(first.repeat()).isFalse();
    assertThat(again.repeat()).isTrue();
    assertThat(again.events()).isEqualTo(first.events());
    assertThat(again.version()).isEqualTo(1);
  }

  @Test
  void whatIsUnknownOnceStaysUnknownWhenTheStoreIsAway() {
    var away = new StoreUnavailableException("away", null);
    var line = new AddLine("pen", 2);

    var losing = CommandHandler.on(leaving(away, true), Orders.ORDERS, new OrderDecider()).build();
    assertThatThrownBy(() -> untilKnown(losing, "o-3", line, "request-1"))
        .isInstanceOf(CommandOutcomeUnknownException.class)
        .hasSuppressedException(away);
    assertThat(store.read(Orders.ORDERS.stream("o-3"), 0, 10)).hasSize(1);

    var gone = CommandHandler.on(leaving(away, false), Orders.ORDERS, new OrderDecider()).build();
    assertThatThrownBy(() -> untilKnown(gone, "o-4", line, "request-1")).isSameAs(away);
  }

  /** Returns the store, which goes away at its first append: before it, or instead of its reply. */
  private static EventStore leaving(StoreUnavailableException away, boolean writes) {
    var left = new AtomicBoolean();
    InvocationHandler calls =
        (proxy, method, arguments) -> {
          boolean appends = method.getName().equals("append");
          if (left.get() || (appends && !writes)) {
            throw away;
          }
          Object answer = method.invoke(store, arguments);
          left.set(appends);
          return appends ? new AppendResult.Unknown(away) : answer;
        };
    return (EventStore)
        Proxy.newProxyInstance(
            EventStore.class.getClassLoader(), new Class<?>[] {EventStore.class}, calls);
  }

  @Test
  void anAppendHasFourOutcomes() {
    List<OrderEvent> events = List.of(new OrderEvent.LineAdded("ink", 1));
    var append = Append.of(Orders.ORDERS, "o-2", ExpectedVersion.noStream(), events);

    String outcome =
        switch (store.append(append)) {
          case AppendResult.Appended done -> "at " + done.position();
          case AppendResult.Conflict conflict -> "missed " + conflict.missed();
          case AppendResult.Refused refused -> "never: " + refused.reason();
          case AppendResult.Unknown unknown -> "send the same append again";
        };

    assertThat(outcome).startsWith("at ");
    assertThat(store.append(append))
        .isInstanceOfSatisfying(
            AppendResult.Appended.class, repeat -> assertThat(repeat.repeat()).isTrue());
  }

  @Test
  void aPlateBelongsToOneVehicle() {
    var vehicles = CommandHandler.on(store, Vehicles.VEHICLES, new VehicleDecider()).build();
    UniqueValues plates = RedisUniqueValues.on(store, "plate");

    assertThat(register(vehicles, plates, "v-1", "AB 123", "r-1")).isEqualTo("registered");
    assertThat(register(vehicles, plates, "v-2", "AB 123", "r-2")).isEqualTo("it is vehicle:v-1's");
    assertThatThrownBy(() -> register(vehicles, plates, "v-1", "CD 456", "r-3"))
        .isInstanceOf(CommandRejectedException.class);
    assertThat(plates.ownerOf("CD 456")).isEmpty();
    assertThat(plates.ownerOf("AB 123")).contains(Vehicles.VEHICLES.stream("v-1"));

    plates.giveUp(plates.find("AB 123").orElseThrow());
    assertThat(register(vehicles, plates, "v-1", "AB 123", "r-1")).endsWith("given up");
    assertThat(plates.ownerOf("AB 123")).isEmpty();
  }

  private static String register(
      CommandHandler<VehicleCommand, Vehicle, VehicleEvent> vehicles,
      UniqueValues plates,
      String id,
      String plate,
      String requestId) {
    var stream = Vehicles.VEHICLES.stream(id);
    var claim =
        plates.claim(
            plate,
            stream,
            requestId,
            ofSeconds(30),
            options -> vehicles.handle(id, new Register(plate), options));
    return switch (claim) {
      case Claim.Claimed<Handled<Vehicle, VehicleEvent>> claimed -> "registered";
      case Claim.Taken<Handled<Vehicle, VehicleEvent>> taken -> "it is " + taken.owner() + "'s";
      case Claim.GivenUp<Handled<Vehicle, VehicleEvent>> repeat ->
          "it was registered, and given up";
    };
  }

  @Test
  void aVehicleChangesItsPlateAndTheOldOneIsFree() {
    var vehicles = CommandHandler.on(store, Vehicles.VEHICLES, new VehicleDecider()).build();
    UniqueValues plates = RedisUniqueValues.on(store, "plate");
    assertThat(register(vehicles, plates, "v-3", "EF 1", "r-10")).isEqualTo("registered");

    change(vehicles, plates, "v-3", "EF 1", "EF 2", "r-11");
    assertThat(plates.ownerOf("EF 1")).isEmpty();
    assertThat(plates.ownerOf("EF 2")).contains(Vehicles.VEHICLES.stream("v-3"));

    change(vehicles, plates, "v-3", "EF 2", "EF 1", "r-12");
    change(vehicles, plates, "v-3", "EF 1", "EF 2", "r-11");
    assertThat(plates.ownerOf("EF 1")).as("a late repeat").isPresent();
    assertThat(plates.ownerOf("EF 2")).isEmpty();
  }

  private static void change(
      CommandHandler<VehicleCommand, Vehicle, VehicleEvent> vehicles,
      UniqueValues plates,
      String id,
      String old,
      String plate,
      String requestId) {
    var stream = Vehicles.VEHICLES.stream(id);
    Optional<Holding> before = plates.find(old).filter(held -> held.owner().equals(stream));
    var claim =
        plates.claim(
            plate,
            stream,
            requestId,
            ofSeconds(30),
            options -> vehicles.handle(id, new ChangePlate(plate), options));
    if (claim instanceof Claim.Claimed<Handled<Vehicle, VehicleEvent>>(var handled)
        && handled.state().plate().equals(plate)) { // and not, in a late repeat, the old one again
      before.ifPresent(plates::giveUp);
    }
  }
}
