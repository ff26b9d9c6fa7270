@NullMarked
package io.refold.projections.reactions;

import org.jspecify.annotations.NullMarked;
