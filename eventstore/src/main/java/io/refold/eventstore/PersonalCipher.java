package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * AES-256-GCM. A ciphertext is a random 96-bit nonce, what was encrypted, and a 128-bit tag, which
 * also binds it to a stream. Thread-safe.
 */
final class PersonalCipher {
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private PersonalCipher() {}

  static SecretKey newKey() {
    return new SecretKeySpec(random(KEY_BYTES), "AES");
  }

  static byte[] encrypt(SecretKey key, StreamId stream, byte[] plain) {
    byte[] nonce = random(NONCE_BYTES);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, stream);
      byte[] encrypted = Arrays.copyOf(nonce, NONCE_BYTES + cipher.getOutputSize(plain.length));
      cipher.doFinal(plain, 0, plain.length, encrypted, NONCE_BYTES);
      return encrypted;
    } catch (GeneralSecurityException e) {
      throw noCipher(e);
    }
  }

  /** Returns null for what was encrypted under another key or for another stream, or is damaged. */
  static byte @Nullable [] decrypt(SecretKey key, StreamId stream, byte[] encrypted) {
    if (encrypted.length < NONCE_BYTES + TAG_BITS / Byte.SIZE) {
      return null;
    }
    byte[] nonce = Arrays.copyOf(encrypted, NONCE_BYTES);
    try {
      return cipher(Cipher.DECRYPT_MODE, key, nonce, stream)
          .doFinal(encrypted, NONCE_BYTES, encrypted.length - NONCE_BYTES);
    } catch (AEADBadTagException e) {
      return null;
    } catch (GeneralSecurityException e) {
      throw noCipher(e);
    }
  }

  private static Cipher cipher(int mode, SecretKey key, byte[] nonce, StreamId stream)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(stream.toString().getBytes(StandardCharsets.UTF_8));
    return cipher;
  }

  private static byte[] random(int length) {
    var bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  private static IllegalStateException noCipher(GeneralSecurityException cause) {
    return new IllegalStateException("this JDK refuses AES-256-GCM", cause);
  }
}
