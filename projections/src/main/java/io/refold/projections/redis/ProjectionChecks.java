package io.refold.projections.redis;

import io.refold.eventstore.redis.Check;
import java.util.List;

/** What a {@link io.refold.eventstore.redis.Doctor} looks at where there are projections. */
public final class ProjectionChecks {
  private ProjectionChecks() {}

  /** Returns all checks of projections, reactions and processes that lie beside their events. */
  public static List<Check> all() {
    return List.of(new GenerationsCheck(), new PlacesCheck());
  }
}
