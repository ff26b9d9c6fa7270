package io.refold.eventstore;

import java.util.Comparator;
import java.util.Optional;

/**
 * A version of an event type. Version 1 is stored as the name alone, version n as {@code name@n}.
 *
 * @param name the logical name
 * @param version from 1
 */
record TypeVersion(String name, int version) implements Comparable<TypeVersion> {
  private static final int MAX_LENGTH = 128;
  private static final Comparator<TypeVersion> ORDER =
      Comparator.comparing(TypeVersion::name).thenComparingInt(TypeVersion::version);

  TypeVersion {
    Names.text(name, "event type");
    if (name.isBlank() || name.startsWith("$") || name.contains("@")) {
      throw new IllegalArgumentException(
          "'%s' cannot name an event type: names are not blank, do not begin with '$', which marks what is no event, and contain no '@', which precedes the version"
              .formatted(name));
    }
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("an event type's name has a control character");
    }
    if (version < 1) {
      throw new IllegalArgumentException(
          "version %d of event type '%s': versions count from 1".formatted(version, name));
    }
    if (stored(name, version).length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "event type '%.40s…' has %d characters, at most %d are allowed"
              .formatted(name, stored(name, version).length(), MAX_LENGTH));
    }
  }

  /** Reads the stored form; empty if it is none that is ever written. */
  static Optional<TypeVersion> parse(String stored) {
    int at = stored.lastIndexOf('@');
    try {
      if (at < 0) {
        return Optional.of(new TypeVersion(stored, 1));
      }
      int version = Integer.parseInt(stored, at + 1, stored.length(), 10);
      var type = new TypeVersion(stored.substring(0, at), version);
      return type.stored().equals(stored) ? Optional.of(type) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Reads the stored form in a declaration. */
  static TypeVersion declared(String stored) {
    return parse(stored)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "'%s' is no stored type: write 'name' for version 1, 'name@2' for version 2"
                    .formatted(stored)));
  }

  String stored() {
    return stored(name, version);
  }

  TypeVersion next() {
    return new TypeVersion(name, version + 1);
  }

  private static String stored(String name, int version) {
    return version == 1 ? name : name + "@" + version;
  }

  @Override
  public int compareTo(TypeVersion other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return stored();
  }
}
