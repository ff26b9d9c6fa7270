package io.refold.projections.reactions;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/** Command ids that are the same whenever the same thing is done again. */
final class DerivedId {
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private DerivedId() {}

  /** Returns 128 bits of SHA-256 over the parts, in 22 characters. */
  static String of(Object... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Object part : parts) {
        digest.update(part.toString().getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
      return BASE64.encodeToString(Arrays.copyOf(digest.digest(), 16));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JRE has SHA-256", e);
    }
  }
}
