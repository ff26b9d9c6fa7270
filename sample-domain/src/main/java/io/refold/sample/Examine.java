package io.refold.sample;

import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.redis.Diagnosis;
import io.refold.eventstore.redis.Doctor;
import io.refold.projections.redis.ProjectionChecks;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;

/**
 * Examines a server: {@code mvn -q -B -Pdoctor -Dredis=URL}, with {@code -Dnamespace=NAME} for
 * another namespace than {@code refold} and {@code -Dthorough=true} to look at everything. Changes
 * nothing there. Ends with exit code 0, 1 if something is found that loses data or may do so, or 2
 * and a message if the server cannot be examined.
 */
public final class Examine {
  private Examine() {}

  /** Examines the server in the system properties. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT); // figures look the same everywhere
    System.exit(run(System.getProperties(), System.out));
  }

  static int run(Properties properties, PrintStream out) {
    Optional<String> redis = given(properties, "redis");
    if (redis.isEmpty()) {
      out.println("Which server? -Dredis=redis[s]://[user[:password]@]host[:port][/database]");
      return 2;
    }
    String namespace = given(properties, "namespace").orElse("refold");
    try (Doctor doctor = Doctor.connect(redis.get(), namespace).with(ProjectionChecks.all())) {
      boolean thorough = given(properties, "thorough").map(Boolean::valueOf).orElse(false);
      Diagnosis diagnosis = (thorough ? doctor.thorough() : doctor).examine();
      out.println(diagnosis);
      return diagnosis.losesData() ? 1 : 0;
    } catch (IllegalArgumentException | EventStoreException e) {
      out.println("The server cannot be examined: " + e.getMessage());
      return 2;
    }
  }

  private static Optional<String> given(Properties properties, String name) {
    return Optional.ofNullable(properties.getProperty(name)).filter(value -> !value.isBlank());
  }
}
