/** Projections in Redis: one script per verb, each on one cluster slot. */
@NullMarked
package io.refold.projections.redis;

import org.jspecify.annotations.NullMarked;
