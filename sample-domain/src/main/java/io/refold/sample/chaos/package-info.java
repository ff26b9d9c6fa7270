/** What a run of faults does, and how the promises are checked from outside. */
@NullMarked
package io.refold.sample.chaos;

import org.jspecify.annotations.NullMarked;
