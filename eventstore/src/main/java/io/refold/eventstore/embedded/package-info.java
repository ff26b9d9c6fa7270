/** A real Redis server inside the build: for tests and demos, not for production. */
@NullMarked
package io.refold.eventstore.embedded;

import org.jspecify.annotations.NullMarked;
