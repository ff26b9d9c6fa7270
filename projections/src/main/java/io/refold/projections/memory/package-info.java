/** Projections in memory: the readable reference, and a fast store for tests. */
@NullMarked
package io.refold.projections.memory;

import org.jspecify.annotations.NullMarked;
