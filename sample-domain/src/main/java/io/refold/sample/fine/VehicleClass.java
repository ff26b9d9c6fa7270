package io.refold.sample.fine;

/** The class of the vehicle, as coded by the police; the source does not explain the letters. */
public enum VehicleClass {
  /** By far the most frequent. */
  A,
  /** One in sixty. */
  C,
  /** One in a hundred. */
  M,
  /** Four fines in all. */
  R
}
