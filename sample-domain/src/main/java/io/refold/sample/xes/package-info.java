/** Reads logs of processes in XES (IEEE 1849), and the traffic-fine log in particular. */
@NullMarked
package io.refold.sample.xes;

import org.jspecify.annotations.NullMarked;
