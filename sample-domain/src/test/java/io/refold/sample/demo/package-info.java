@NullMarked
package io.refold.sample.demo;

import org.jspecify.annotations.NullMarked;
