package io.refold.eventstore;

import org.jspecify.annotations.Nullable;

/**
 * Keeps personal data in states unreadable for whoever may not, or may no longer, read it: how a
 * state is stored in a snapshot. Implementations are thread-safe.
 */
public interface Protection {
  /** Keeps states as they are. */
  Protection NONE =
      new Protection() {
        @Override
        public byte[] seal(StreamId stream, byte[] state) {
          return state;
        }

        @Override
        public byte[] open(StreamId stream, byte[] sealed) {
          return sealed;
        }

        @Override
        public void forgotten(String subject) {}
      };

  /** Returns the form in which a state of this stream may be stored. */
  byte[] seal(StreamId stream, byte[] state);

  /** Returns the state, or null if it may no longer be read. */
  byte @Nullable [] open(StreamId stream, byte[] sealed);

  /** Takes notice that a data subject has been forgotten: whatever was cached of it is dropped. */
  void forgotten(String subject);
}
