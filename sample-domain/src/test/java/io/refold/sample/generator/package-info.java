@NullMarked
package io.refold.sample.generator;

import org.jspecify.annotations.NullMarked;
