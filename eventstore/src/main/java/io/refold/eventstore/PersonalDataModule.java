package io.refold.eventstore;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.NopAnnotationIntrospector;
import tools.jackson.databind.module.SimpleModule;

/**
 * Teaches Jackson {@link PersonalData}: who writes or reads with it names the stream as attribute
 * {@code StreamId.class}. Without keys it refuses such data, so that none is ever written in clear.
 */
final class PersonalDataModule extends SimpleModule {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable SubjectKeys keys;

  PersonalDataModule(@Nullable SubjectKeys keys) {
    super("refold-personal-data");
    this.keys = keys;
  }

  @Override
  public void setupModule(SetupContext context) {
    context.insertAnnotationIntrospector(new Introspector(keys));
  }

  /** Says which properties have a reader and writer of ours. */
  static final class Introspector extends NopAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable SubjectKeys keys;

    Introspector(@Nullable SubjectKeys keys) {
      this.keys = keys;
    }

    @Override
    public @Nullable Object findSerializer(MapperConfig<?> config, Annotated member) {
      PersonalData data = PersonalComponents.mark(member);
      return data == null ? null : new PersonalSerializer(data, keys(member));
    }

    @Override
    public @Nullable Object findDeserializer(MapperConfig<?> config, Annotated member) {
      PersonalData data = PersonalComponents.mark(member);
      return data == null ? null : new PersonalDeserializer(data, keys(member));
    }

    private SubjectKeys keys(Annotated member) {
      if (keys == null) {
        throw new IllegalArgumentException(
            "%s is personal data, and the codec has no keys to encrypt it: give it personalData(keys)"
                .formatted(member));
      }
      return keys;
    }
  }
}
