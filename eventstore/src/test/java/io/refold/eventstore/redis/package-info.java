@NullMarked
package io.refold.eventstore.redis;

import org.jspecify.annotations.NullMarked;
