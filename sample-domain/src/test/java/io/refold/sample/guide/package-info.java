/** The code of {@code docs/guides}, compiled and run. */
@NullMarked
package io.refold.sample.guide;

import org.jspecify.annotations.NullMarked;
