@NullMarked
package io.refold.eventstore.outside;

import org.jspecify.annotations.NullMarked;
