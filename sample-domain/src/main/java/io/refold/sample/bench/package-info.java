/** What the benchmark measures, and how. */
@NullMarked
package io.refold.sample.bench;

import org.jspecify.annotations.NullMarked;
