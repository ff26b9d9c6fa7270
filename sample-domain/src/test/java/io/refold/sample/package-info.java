@NullMarked
package io.refold.sample;

import org.jspecify.annotations.NullMarked;
