/**
 * Traffic fines, the write side: {@link io.refold.sample.fine.FineCommand commands}, {@link
 * io.refold.sample.fine.FineEvent events} and the {@link io.refold.sample.fine.FineDecider rules}
 * between them. Pure: no clock, no I/O.
 *
 * <p>The rules were found in a public log of 150,370 real fines (doi:
 * 10.4121/uuid:270fd440-1057-4fb9-89a9-b699b47990f5) and hold in all of them.
 */
@NullMarked
package io.refold.sample.fine;

import org.jspecify.annotations.NullMarked;
