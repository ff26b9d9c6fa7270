package io.refold.eventstore;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import tools.jackson.databind.node.ObjectNode;

/**
 * What earlier programs stored, and the way from there to the present types: a graph whose nodes
 * are versions of types and whose edges are upcasts. It is checked when it is made: every node that
 * is mentioned exists, every way ends at present types or at nothing.
 */
final class EventHistory {
  /**
   * The way from one version onward.
   *
   * @param targets what the function may give
   * @param function gives the events that an old one stands for
   */
  record Step(
      Set<TypeVersion> targets, BiFunction<ObjectNode, StoredEvent, List<UpcastEvent>> function) {}

  private final EventTypes types;
  private final Map<TypeVersion, Step> steps;
  private final Map<String, String> renamed;
  private final Set<String> retired;

  EventHistory(
      EventTypes types,
      Map<TypeVersion, Step> steps,
      Map<String, String> renamed,
      Set<String> retired) {
    this.types = types;
    this.steps = new TreeMap<>(steps);
    this.renamed = new TreeMap<>(renamed);
    this.retired = new TreeSet<>(retired);
    retired.forEach(name -> requireUnused(name, "retired"));
    renamed.forEach(this::checkRename);
    this.steps.forEach(this::checkStep);
    types.names().stream().flatMap(name -> types.named(name).stream()).forEach(this::checkNoGap);
    var done = new HashSet<TypeVersion>();
    this.steps.keySet().forEach(start -> checkNoCycle(start, new ArrayList<>(), done));
  }

  /** Returns the stored forms that are read as this present type without any upcast. */
  List<String> storedForms(TypeVersion present) {
    var forms = new ArrayList<String>();
    forms.add(present.stored());
    renamed.forEach((old, name) -> {
      if (name.equals(present.name())) {
        forms.add(new TypeVersion(old, present.version()).stored());
      }
    });
    return forms;
  }

  boolean isRetired(TypeVersion type) {
    return retired.contains(type.name());
  }

  /**
   * Returns where an event stands in the graph, under its present name.
   *
   * @throws UnreadableEventException if it stands nowhere
   */
  TypeVersion locate(StoredEvent stored) {
    TypeVersion type =
        TypeVersion.parse(stored.payload().type()).orElseThrow(() -> unknown(stored));
    if (isRetired(type)) {
      return type;
    }
    var located = new TypeVersion(renamed.getOrDefault(type.name(), type.name()), type.version());
    if (exists(located)) {
      return located;
    }
    throw types
        .named(located.name())
        .map(present ->
            UnreadableEventException.unknownType(
                stored,
                "version %d of event type '%s' is newer than this program, which knows version %d: update the program"
                    .formatted(located.version(), present.name(), present.version())))
        .orElseGet(() -> unknown(stored));
  }

  /**
   * Follows the way of an event to present types.
   *
   * @param data its JSON, which upcasts may change
   * @param present takes each event that it stands for today
   * @throws UnreadableEventException if an upcast fails
   */
  void follow(
      TypeVersion type,
      ObjectNode data,
      StoredEvent stored,
      BiConsumer<TypeVersion, ObjectNode> present) {
    Step step = steps.get(type);
    if (step == null) {
      present.accept(type, data);
      return;
    }
    List<UpcastEvent> upcast;
    try {
      upcast = List.copyOf(step.function().apply(data, stored));
    } catch (RuntimeException e) {
      throw UnreadableEventException.broken(
          stored, "the upcast of '%s' failed: %s".formatted(type, e), e);
    }
    for (UpcastEvent event : upcast) {
      TypeVersion target = TypeVersion.parse(event.type()).orElse(type);
      if (!step.targets().contains(target)) {
        throw UnreadableEventException.broken(
            stored,
            "the upcast of '%s' gave '%s', declared are %s"
                .formatted(type, event.type(), step.targets()),
            null);
      }
      // a function may give one tree several times, and later upcasts change it
      follow(target, upcast.size() == 1 ? event.data() : event.data().deepCopy(), stored, present);
    }
  }

  private UnreadableEventException unknown(StoredEvent stored) {
    return UnreadableEventException.unknownType(
        stored,
        "unknown event type; known are %s: declare its record, or what has become of it with renamed, replaced or retired"
            .formatted(types.names()));
  }

  private boolean exists(TypeVersion type) {
    return types.isPresent(type) || steps.containsKey(type);
  }

  private boolean isKnown(String name) {
    return types.named(name).isPresent()
        || steps.keySet().stream().anyMatch(from -> from.name().equals(name));
  }

  private void requireUnused(String name, String as) {
    if (isKnown(name)) {
      throw new IllegalArgumentException(
          "'%s' is %s, but also has %s: choose one"
              .formatted(name, as, types.named(name).isPresent() ? "a record" : "upcasts"));
    }
  }

  private void checkRename(String old, String present) {
    requireUnused(old, "renamed");
    if (retired.contains(old)) {
      throw new IllegalArgumentException(
          "'%s' is both retired and renamed: choose one".formatted(old));
    }
    if (!isKnown(present)) {
      throw new IllegalArgumentException(
          "'%s' is renamed to '%s', which is neither a present type nor has upcasts; present are %s"
              .formatted(old, present, types.names()));
    }
  }

  private void checkStep(TypeVersion from, Step step) {
    types
        .named(from.name())
        .ifPresent(present -> {
          if (from.version() >= present.version()) {
            throw new IllegalArgumentException(
                "there is an upcast from version %d of '%s', whose present version is %d: upcasts start from older versions; declare the record's new version"
                    .formatted(from.version(), from.name(), present.version()));
          }
        });
    for (TypeVersion target : step.targets()) {
      if (!exists(target)) {
        throw new IllegalArgumentException(
            "the upcast of '%s' leads to '%s', which is neither a present type nor has an upcast of its own"
                .formatted(from, target));
      }
    }
    if (from.version() > 1 && types.named(from.name()).isEmpty()) {
      requireStep(new TypeVersion(from.name(), from.version() - 1));
    }
  }

  private void checkNoGap(TypeVersion present) {
    for (int version = 1; version < present.version(); version++) {
      requireStep(new TypeVersion(present.name(), version));
    }
  }

  private void requireStep(TypeVersion from) {
    if (!steps.containsKey(from)) {
      throw new IllegalArgumentException(
          "no upcast leads on from version %d of '%s': declare one, or events of that version could not be read"
              .formatted(from.version(), from.name()));
    }
  }

  private void checkNoCycle(TypeVersion from, List<TypeVersion> way, Set<TypeVersion> done) {
    way.add(from);
    if (way.indexOf(from) < way.size() - 1) {
      throw new IllegalArgumentException(
          "upcasts lead in a circle: "
              + String.join(
                  " to ",
                  way.subList(way.indexOf(from), way.size()).stream()
                      .map(TypeVersion::stored)
                      .toList()));
    }
    Step step = steps.get(from);
    if (step != null && !done.contains(from)) {
      step.targets().forEach(target -> checkNoCycle(target, way, done));
      done.add(from);
    }
    way.removeLast();
  }
}
