@NullMarked
package io.refold.sample.enforcement;

import org.jspecify.annotations.NullMarked;
