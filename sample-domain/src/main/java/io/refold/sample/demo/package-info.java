/** The demo's steps, what it prints, and its report. */
@NullMarked
package io.refold.sample.demo;

import org.jspecify.annotations.NullMarked;
