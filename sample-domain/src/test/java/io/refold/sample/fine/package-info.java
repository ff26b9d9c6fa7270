@NullMarked
package io.refold.sample.fine;

import org.jspecify.annotations.NullMarked;
