@NullMarked
package io.refold.sample.soak;

import org.jspecify.annotations.NullMarked;
