@NullMarked
package io.refold.sample.load;

import org.jspecify.annotations.NullMarked;
