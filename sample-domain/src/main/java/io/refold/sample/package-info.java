/** The demo: a real history of traffic fines goes in, read models come out. */
@NullMarked
package io.refold.sample;

import org.jspecify.annotations.NullMarked;
