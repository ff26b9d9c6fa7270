@NullMarked
package io.refold.projections.redis;

import org.jspecify.annotations.NullMarked;
