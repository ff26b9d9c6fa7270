/** What happens to traffic fines that nobody pays: a process over months, with deadlines. */
@NullMarked
package io.refold.sample.enforcement;

import org.jspecify.annotations.NullMarked;
