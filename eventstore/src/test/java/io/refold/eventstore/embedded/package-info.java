@NullMarked
package io.refold.eventstore.embedded;

import org.jspecify.annotations.NullMarked;
