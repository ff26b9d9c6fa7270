package io.refold.sample.guide;

import io.refold.eventstore.Category;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventCodec;
import jakarta.validation.constraints.NotBlank;
import java.util.List;

/** A vehicle and its plate number, of which there is only one. */
final class Vehicles {
  static final Category<VehicleEvent> VEHICLES =
      Category.of("vehicle", EventCodec.json(VehicleEvent.class));

  private Vehicles() {}

  sealed interface VehicleEvent {
    record Registered(String plate) implements VehicleEvent {}

    record PlateChanged(String plate) implements VehicleEvent {}
  }

  sealed interface VehicleCommand {}

  record Register(@NotBlank String plate) implements VehicleCommand {}

  record ChangePlate(@NotBlank String plate) implements VehicleCommand {}

  record Vehicle(String plate) {}

  static final class VehicleDecider implements Decider<VehicleCommand, Vehicle, VehicleEvent> {
    @Override
    public Vehicle initialState() {
      return new Vehicle("");
    }

    @Override
    public List<VehicleEvent> decide(VehicleCommand command, Vehicle vehicle, Context context) {
      return switch (command) {
        case Register again when !vehicle.plate().isEmpty() ->
            throw new CommandRejectedException("registered", "the vehicle has a plate already");
        case ChangePlate none when vehicle.plate().isEmpty() ->
            throw new CommandRejectedException("not-registered", "the vehicle has no plate");
        case Register(var plate) -> List.of(new VehicleEvent.Registered(plate));
        case ChangePlate(var plate) -> List.of(new VehicleEvent.PlateChanged(plate));
      };
    }

    @Override
    public Vehicle evolve(Vehicle vehicle, VehicleEvent event) {
      return switch (event) {
        case VehicleEvent.Registered(var plate) -> new Vehicle(plate);
        case VehicleEvent.PlateChanged(var plate) -> new Vehicle(plate);
      };
    }
  }
}
