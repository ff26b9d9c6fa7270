package io.refold.eventstore;

import java.util.Optional;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts whole snapshots under a key of the stream, which is destroyed when any data in the
 * stream is forgotten: old snapshots, also in backups, can then not be read any more.
 */
record PersonalProtection(SubjectKeys keys) implements Protection {
  @Override
  public byte[] seal(StreamId stream, byte[] state) {
    return PersonalCipher.encrypt(keys.forSealing(stream), stream, state);
  }

  @Override
  public byte @Nullable [] open(StreamId stream, byte[] sealed) {
    Optional<SecretKey> key = keys.forOpening(stream);
    return key.isEmpty() ? null : PersonalCipher.decrypt(key.get(), stream, sealed);
  }

  @Override
  public void forgotten(String subject) {
    keys.forgotten(subject);
  }
}
