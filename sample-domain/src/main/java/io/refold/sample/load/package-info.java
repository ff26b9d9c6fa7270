/** Brings whole histories of fines in through commands. */
@NullMarked
package io.refold.sample.load;

import org.jspecify.annotations.NullMarked;
