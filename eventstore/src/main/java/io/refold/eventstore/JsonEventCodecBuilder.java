package io.refold.eventstore;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.node.ObjectNode;

/**
 * Builds the codec of events whose records have changed since some were stored.
 *
 * <pre>{@code
 * EventCodec.jsonBuilder(OrderEvent.class)
 *     .version(Placed.class, 3)
 *     .upcast("placed", 1, data -> data.put("currency", "EUR"))
 *     .upcast("placed", 2, data -> data.put("cents", data.get("euros").asInt() * 100L))
 *     .renamed("payed", "paid")
 *     .replaced("closed", 1, Set.of("delivered", "archived"), (data, stored) ->
 *         List.of(new UpcastEvent("delivered", data), new UpcastEvent("archived", data)))
 *     .retired("printed")
 *     .defaultValue(Delivered.class, "carrier", "unknown")
 *     .build();
 * }</pre>
 *
 * <p>Each record has a name and a version, from 1. Version 1 is stored under the name alone,
 * version n under {@code name@n}. What is stored is never changed: older versions are led, step by
 * step, to present ones whenever they are read. Nothing is found by searching classes, and
 * everything wrong in the declarations fails in {@link #build} at the latest.
 *
 * <p>Functions given here are called by many threads at once and should depend on nothing but what
 * they are given. One that throws makes that event unreadable. The codec is immutable and
 * thread-safe, the builder is not.
 *
 * @param <E> the events
 */
public final class JsonEventCodecBuilder<E> {
  private final Class<E> root;
  private final Map<Class<?>, String> names = new LinkedHashMap<>();
  private final Map<Class<?>, Integer> versions = new LinkedHashMap<>();
  private final Map<TypeVersion, EventHistory.Step> steps = new LinkedHashMap<>();
  private final Map<String, String> renamed = new LinkedHashMap<>();
  private final Set<String> retired = new TreeSet<>();
  private final Map<String, EventDefaults.Declared> defaults = new LinkedHashMap<>();
  private final List<JacksonModule> modules = new ArrayList<>();
  private Predicate<UnreadableEventException> skipped = unreadable -> false;
  private @Nullable SubjectKeys keys;

  JsonEventCodecBuilder(Class<E> root) {
    this.root = root;
  }

  /**
   * Stores a record under this name, whatever its class is called; the default is the class's name
   * in the form {@code penalty-added}. Say it before you rename a class.
   *
   * @param name does not begin with {@code $} and contains no {@code @}
   */
  public JsonEventCodecBuilder<E> named(Class<? extends E> event, String name) {
    return once(names, event, name, "name of " + event.getName());
  }

  /**
   * Says which version of its type a record is now; the default is 1. Each older version needs an
   * upcast.
   */
  public JsonEventCodecBuilder<E> version(Class<? extends E> event, int version) {
    return once(versions, event, version, "version of " + event.getName());
  }

  /**
   * Reads events that were stored under an old name, in whatever version, as if they had been
   * stored under another one.
   *
   * @param old the name that is no longer written
   * @param present the name of a record, or of an older type that has upcasts
   */
  public JsonEventCodecBuilder<E> renamed(String old, String present) {
    return once(renamed, new TypeVersion(old, 1).name(), present, "rename of '%s'".formatted(old));
  }

  /**
   * Leads one version of a type to the next.
   *
   * @param type the name of a record, or of a type that has none any more
   * @param version which version is read
   * @param function changes the JSON that was stored, or gives another
   */
  public JsonEventCodecBuilder<E> upcast(
      String type, int version, UnaryOperator<ObjectNode> function) {
    return upcast(type, version, (data, stored) -> function.apply(data));
  }

  /**
   * Leads one version of a type to the next.
   *
   * @param type the name of a record, or of a type that has none any more
   * @param version which version is read
   * @param function changes the JSON that was stored, or gives another; may look at the event's
   *     stream, version, time and metadata
   */
  public JsonEventCodecBuilder<E> upcast(
      String type, int version, BiFunction<ObjectNode, StoredEvent, ObjectNode> function) {
    TypeVersion next = new TypeVersion(type, version).next();
    return replaced(
        type,
        version,
        Set.of(next.stored()),
        (data, stored) -> List.of(new UpcastEvent(next.stored(), function.apply(data, stored))));
  }

  /**
   * Leads one version of a type to other types: one, several, or none. All events that an old one
   * stands for have its version, position and time.
   *
   * @param type the name of a record, or of a type that has none any more
   * @param version which version is read
   * @param targets the types that the function may give, as they would be stored: {@code name}, or
   *     {@code name@n} from version 2 on
   * @param function gives the events, in their order
   */
  public JsonEventCodecBuilder<E> replaced(
      String type,
      int version,
      Set<String> targets,
      BiFunction<ObjectNode, StoredEvent, List<UpcastEvent>> function) {
    var from = new TypeVersion(type, version);
    var declared = new TreeSet<TypeVersion>();
    targets.forEach(target -> declared.add(TypeVersion.declared(target)));
    var step = new EventHistory.Step(declared, function);
    return once(steps, from, step, "upcast of '%s' from version %d".formatted(type, version));
  }

  /** Reads a type that means nothing today as no event, in all its versions. */
  public JsonEventCodecBuilder<E> retired(String type) {
    retired.add(new TypeVersion(type, 1).name());
    return this;
  }

  /**
   * Gives a component the value that it has in events which were stored without it; so a component
   * can be added without a new version. From then on null is stored as such.
   *
   * @param event the record
   * @param component the component's name in the record
   * @param value of the component's type
   */
  public JsonEventCodecBuilder<E> defaultValue(
      Class<? extends E> event, String component, Object value) {
    return once(
        defaults,
        event.getName() + "." + component,
        new EventDefaults.Declared(event, component, value),
        "default of '%s' of %s".formatted(component, event.getName()));
  }

  /**
   * Reads unreadable events as none, where the predicate holds; by default reading them fails. Each
   * is logged as a warning, without its data. What depends on a skipped event will be wrong, and
   * will have to be rebuilt once it can be read.
   */
  public JsonEventCodecBuilder<E> skipUnreadable(Predicate<UnreadableEventException> which) {
    skipped = which;
    return this;
  }

  /**
   * Stores components that are marked as {@link PersonalData} encrypted, and so the snapshots of
   * states that are folded from these events. Without keys, events with such components are refused
   * by {@link #build}.
   *
   * <p>Upcasts see such a component as <code>{"$personal": …}</code>: they can move and drop it,
   * not change it.
   *
   * @param subjectKeys the same for all codecs of a store
   */
  public JsonEventCodecBuilder<E> personalData(SubjectKeys subjectKeys) {
    keys = subjectKeys;
    return this;
  }

  /** Lets modules take part in reading and writing. */
  JsonEventCodecBuilder<E> modules(Collection<? extends JacksonModule> more) {
    modules.addAll(more);
    return this;
  }

  /**
   * Returns the codec.
   *
   * @throws IllegalArgumentException if the root is neither a record nor a sealed type over
   *     records; a class that is mentioned is not one of them; two types have one name; a version
   *     older than a record's has no upcast; an upcast starts from the present version or a newer
   *     one, leads nowhere, or in a circle; a retired or renamed type has a record or upcasts; a
   *     default is no value of its component; a map has keys that cannot be read back; or a mark
   *     for personal data cannot be honoured
   */
  public EventCodec<E> build() {
    var types = new EventTypes(root, names, versions);
    var all = new ArrayList<>(modules);
    all.add(new PersonalDataModule(keys));
    var codec =
        new JsonEventCodec<E>(
            new JsonEventCodec.Settings(
                types,
                new EventHistory(types, steps, renamed, retired),
                List.copyOf(defaults.values()),
                all,
                keys == null ? Protection.NONE : new PersonalProtection(keys),
                skipped));
    new PersonalDataCheck(codec.mapper(), keys).check(types.classes());
    return codec;
  }

  private <K, V> JsonEventCodecBuilder<E> once(Map<K, V> map, K key, V value, String what) {
    if (map.putIfAbsent(key, value) != null) {
      throw new IllegalArgumentException("the %s is declared twice".formatted(what));
    }
    return this;
  }
}
