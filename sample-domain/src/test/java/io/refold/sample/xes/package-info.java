@NullMarked
package io.refold.sample.xes;

import org.jspecify.annotations.NullMarked;
