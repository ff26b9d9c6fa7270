@NullMarked
package io.refold.projections.memory;

import org.jspecify.annotations.NullMarked;
