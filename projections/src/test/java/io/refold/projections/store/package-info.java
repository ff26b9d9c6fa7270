@NullMarked
package io.refold.projections.store;

import org.jspecify.annotations.NullMarked;
