/** Traffic fines, the read side: projections of the events, and queries over their rows. */
@NullMarked
package io.refold.sample.views;

import org.jspecify.annotations.NullMarked;
