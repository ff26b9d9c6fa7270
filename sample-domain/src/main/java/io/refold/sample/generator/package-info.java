/** Makes up fines in the proportions of the real process. */
@NullMarked
package io.refold.sample.generator;

import org.jspecify.annotations.NullMarked;
