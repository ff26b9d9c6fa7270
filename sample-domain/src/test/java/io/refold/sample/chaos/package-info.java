@NullMarked
package io.refold.sample.chaos;

import org.jspecify.annotations.NullMarked;
