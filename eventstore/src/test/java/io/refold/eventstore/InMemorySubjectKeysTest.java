package io.refold.eventstore;

class InMemorySubjectKeysTest extends SubjectKeysContract {
  private final SubjectKeys keys = new InMemorySubjectKeys();

  @Override
  protected SubjectKeys keys() {
    return keys;
  }
}
