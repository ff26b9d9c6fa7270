/**
 * Projections into tables of a user's own database, over plain JDBC: the user's code writes its
 * tables in the transaction that also moves the fenced checkpoint.
 *
 * <p>Start with {@link io.refold.projections.sql.SqlProjection} and {@link
 * io.refold.projections.sql.SqlReadModel}.
 */
@NullMarked
package io.refold.projections.sql;

import org.jspecify.annotations.NullMarked;
