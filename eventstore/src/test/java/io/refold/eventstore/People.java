package io.refold.eventstore;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Customers with personal data, and agents who note something about them. */
public final class People {
  private People() {}

  public sealed interface Event {}

  public record Registered(
      @PersonalData(replacement = "[forgotten]") String name,
      @PersonalData(replacement = "0") int born,
      String country)
      implements Event {}

  public record Noted(
      String agent, @PersonalData(subject = "agent", replacement = "[gone]") String note)
      implements Event {}

  public sealed interface Command {}

  public record Register(String name, int born, String country) implements Command {}

  public record Note(String agent, String note) implements Command {}

  public record Person(@Nullable String name, int born, List<String> notes) {}

  /** Returns the category, encrypted with these keys. */
  public static Category<Event> people(SubjectKeys keys) {
    return Category.of("person", EventCodec.jsonBuilder(Event.class).personalData(keys).build());
  }

  /** Returns a handler that keeps no state and saves a snapshot with every event. */
  public static CommandHandler<Command, Person, Event> handler(EventStore store, SubjectKeys keys) {
    return CommandHandler.on(store, people(keys), new PersonDecider())
        .cache(StateCache.off())
        .snapshots(StateCodec.json(Person.class), SnapshotRule.every(1))
        .build();
  }

  public static final class PersonDecider implements Decider<Command, Person, Event> {
    @Override
    public Person initialState() {
      return new Person(null, 0, List.of());
    }

    @Override
    public List<Event> decide(Command command, Person person, Context context) {
      return switch (command) {
        case Register(var name, var born, var country) ->
            List.of(new Registered(name, born, country));
        case Note(var agent, var note) -> List.of(new Noted(agent, note));
      };
    }

    @Override
    public Person evolve(Person person, Event event) {
      return switch (event) {
        case Registered registered ->
            new Person(registered.name(), registered.born(), person.notes());
        case Noted(var agent, var note) -> {
          var notes = new ArrayList<>(person.notes());
          notes.add(note);
          yield new Person(person.name(), person.born(), List.copyOf(notes));
        }
      };
    }
  }
}
