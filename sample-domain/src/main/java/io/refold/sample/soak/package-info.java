/** Load that goes on for long, history that grows, and what each of the sizes costs. */
@NullMarked
package io.refold.sample.soak;

import org.jspecify.annotations.NullMarked;
