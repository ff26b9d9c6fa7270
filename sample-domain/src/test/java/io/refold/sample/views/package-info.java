@NullMarked
package io.refold.sample.views;

import org.jspecify.annotations.NullMarked;
