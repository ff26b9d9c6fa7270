package io.refold.projections.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Refold's own tables, in the default schema of the user's connections. */
final class Schema {
  private static final List<String> TABLES =
      List.of(
          """
          CREATE TABLE refold_generation (
            projection VARCHAR(64) NOT NULL,
            generation INTEGER NOT NULL,
            version INTEGER NOT NULL,
            schema_name VARCHAR(63) NOT NULL,
            PRIMARY KEY (projection, generation))\
          """,
          """
          CREATE TABLE refold_table (
            name VARCHAR(140) NOT NULL,
            projection VARCHAR(64) NOT NULL,
            generation INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            PRIMARY KEY (name))\
          """,
          """
          CREATE TABLE refold_name (
            name VARCHAR(50) NOT NULL,
            projection VARCHAR(64) NOT NULL,
            PRIMARY KEY (name))\
          """,
          """
          CREATE TABLE refold_head (
            projection VARCHAR(64) NOT NULL,
            generation INTEGER NOT NULL,
            part INTEGER NOT NULL,
            owner VARCHAR(1000) NOT NULL,
            epoch BIGINT NOT NULL,
            sequence BIGINT NOT NULL,
            micros BIGINT NOT NULL,
            PRIMARY KEY (projection, generation, part))\
          """,
          """
          CREATE TABLE refold_note (
            projection VARCHAR(64) NOT NULL,
            generation INTEGER NOT NULL,
            part INTEGER NOT NULL,
            category VARCHAR(64) NOT NULL,
            stream VARCHAR(256) NOT NULL,
            version BIGINT NOT NULL,
            sequence BIGINT NOT NULL,
            micros BIGINT NOT NULL,
            PRIMARY KEY (projection, generation, part, category, stream))\
          """,
          """
          CREATE TABLE refold_drop (
            projection VARCHAR(64) NOT NULL,
            generation INTEGER NOT NULL,
            part INTEGER NOT NULL,
            category VARCHAR(64) NOT NULL,
            stream VARCHAR(256) NOT NULL,
            version BIGINT NOT NULL,
            PRIMARY KEY (projection, generation, part, category, stream, version))\
          """,
          """
          CREATE TABLE refold_live (
            projection VARCHAR(64) NOT NULL,
            version INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            PRIMARY KEY (projection, version))\
          """);

  private Schema() {}

  /** Tells whether the tables are there; on a connection that commits each statement. */
  static boolean exists(Connection connection) throws SQLException {
    try {
      Rows.execute(connection, "SELECT 1 FROM refold_live WHERE 1 = 0");
      return true;
    } catch (SQLException e) {
      if (SqlFailures.noTable(e)) {
        return false;
      }
      throw e;
    }
  }

  static void create(Connection connection) throws SQLException {
    for (String table : TABLES) {
      Rows.execute(connection, table);
    }
  }
}
