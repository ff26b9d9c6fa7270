@NullMarked
package io.refold.projections;

import org.jspecify.annotations.NullMarked;
