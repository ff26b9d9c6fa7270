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
  }

  record Register(@NotBlank String plate) {}

  record Vehicle(String plate) {}

  static final class VehicleDecider implements Decider<Register, Vehicle, VehicleEvent> {
    @Override
    public Vehicle initialState() {
      return new Vehicle("");
    }

    @Override
    public List<VehicleEvent> decide(Register command, Vehicle vehicle, Context context) {
      if (!vehicle.plate().isEmpty()) {
        throw new CommandRejectedException("registered", "the vehicle has a plate already");
      }
      return List.of(new VehicleEvent.Registered(command.plate()));
    }

    @Override
    public Vehicle evolve(Vehicle vehicle, VehicleEvent event) {
      return switch (event) {
        case VehicleEvent.Registered(var plate) -> new Vehicle(plate);
      };
    }
  }
}
