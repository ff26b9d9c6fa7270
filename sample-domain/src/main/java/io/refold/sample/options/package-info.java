/** What the programs of the sample are started with. */
@NullMarked
package io.refold.sample.options;

import org.jspecify.annotations.NullMarked;
