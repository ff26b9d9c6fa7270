/** The event store on Redis: the only package of this module that knows Redisson. */
@NullMarked
package io.refold.eventstore.redis;

import org.jspecify.annotations.NullMarked;
