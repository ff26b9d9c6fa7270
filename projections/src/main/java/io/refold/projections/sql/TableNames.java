package io.refold.projections.sql;

import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.Generation;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * The names of one generation's tables and indexes, quoted. They fit into the 63 bytes beyond which
 * PostgreSQL would cut them silently.
 *
 * @param schema the schema, unquoted; empty if names have a suffix
 * @param suffix what names end in; empty if they lie in a schema
 */
record TableNames(String schema, String suffix) {
  private static final int MAX_BYTES = 50;
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0," + (MAX_BYTES - 1) + "}");

  static TableNames of(Generation generation, Naming naming) {
    return switch (naming) {
      case SUFFIX -> new TableNames("", "_g" + generation.number());
      case SCHEMA -> new TableNames(generation.projection() + "_g" + generation.number(), "");
    };
  }

  /** Checks that a projection's name can be part of a schema's. */
  static void checkSchema(String projection) {
    int bytes = projection.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "projection '%s' has %d bytes, a schema can be called after one with up to %d: name it shorter, or use Naming.SUFFIX"
              .formatted(projection, bytes, MAX_BYTES));
    }
  }

  String table(String name) {
    return schema.isEmpty() ? index(name) : quoted(schema) + "." + index(name);
  }

  /** Returns what all generations call a table, from its name without schema in this one. */
  String logical(String table) {
    return table.substring(1, table.length() - 1 - suffix.length());
  }

  String index(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "'%s' cannot name a table or an index: 1 to %d of a-z, 0-9 and _ are allowed, the first a letter"
              .formatted(name, MAX_BYTES));
    }
    return quoted(name + suffix);
  }

  static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
