/**
 * What a projection store does, verb by verb: each operation is one atomic step on one slot, and is
 * refused when its conditions do not hold. Only needed to write another store.
 */
@NullMarked
package io.refold.projections.store;

import org.jspecify.annotations.NullMarked;
