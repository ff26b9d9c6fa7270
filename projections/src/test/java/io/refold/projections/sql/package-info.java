@NullMarked
package io.refold.projections.sql;

import org.jspecify.annotations.NullMarked;
