@NullMarked
package io.refold.eventstore;

import org.jspecify.annotations.NullMarked;
