@NullMarked
package io.refold.sample.readme;

import org.jspecify.annotations.NullMarked;
