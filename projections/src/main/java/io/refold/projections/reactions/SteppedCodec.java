package io.refold.projections.reactions;

import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.Protection;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.reactions.Instance.Timer;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Stores steps as JSON: {@code cause}; {@code state} with type and data; {@code deadlines} and
 * {@code ended}, by name with time and version; {@code commands} with recipient, type and data.
 * Types and data are written by the codecs of the process.
 */
final class SteppedCodec<S, C> implements EventCodec<Stepped<S, C>>, Protection {
  private static final String TYPE = "stepped";
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final EventCodec<S> states;
  private final EventCodec<C> commands;

  SteppedCodec(EventCodec<S> states, EventCodec<C> commands) {
    this.states = states;
    this.commands = commands;
  }

  @Override
  public EncodedEvent encode(StreamId stream, Stepped<S, C> step) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("cause", step.cause());
    write(json.putObject("state"), states.encode(stream, step.instance().state()));
    write(json.putObject("deadlines"), step.instance().deadlines());
    write(json.putObject("ended"), step.ended());
    ArrayNode sent = json.putArray("commands");
    for (Outgoing<C> outgoing : step.commands()) {
      write(sent.addObject().put("to", outgoing.to()), commands.encode(stream, outgoing.command()));
    }
    return new EncodedEvent(TYPE, MAPPER.writeValueAsBytes(json));
  }

  private static void write(ObjectNode json, EncodedEvent encoded) {
    json.put("type", encoded.type());
    json.set("data", MAPPER.readTree(encoded.data()));
  }

  private static void write(ObjectNode json, Map<String, Timer> timers) {
    timers.forEach((name, timer) ->
        json.putObject(name).put("due", timer.due().toString()).put("version", timer.version()));
  }

  @Override
  public List<Stepped<S, C>> decode(StoredEvent stored) {
    if (!stored.payload().type().equals(TYPE)) {
      throw new IllegalArgumentException("a process has only events of type '%s'".formatted(TYPE));
    }
    try {
      JsonNode json = MAPPER.readTree(stored.payload().data());
      var sent = new ArrayList<Outgoing<C>>();
      for (JsonNode outgoing : json.required("commands")) {
        C command = only(commands, nested(stored, outgoing));
        sent.add(new Outgoing<>(outgoing.required("to").stringValue(), command));
      }
      S state = only(states, nested(stored, json.required("state")));
      return List.of(
          new Stepped<>(
              json.required("cause").stringValue(),
              new Instance<>(state, timers(json.required("deadlines"))),
              timers(json.required("ended")),
              sent));
    } catch (JacksonException | DateTimeException e) {
      throw new IllegalArgumentException("this is no step of a process: " + e.getMessage(), e);
    }
  }

  private static StoredEvent nested(StoredEvent stored, JsonNode json) {
    return new StoredEvent(
        stored.stream(),
        stored.version(),
        stored.position(),
        stored.commandId(),
        stored.metadata(),
        new EncodedEvent(
            json.required("type").stringValue(), MAPPER.writeValueAsBytes(json.required("data"))));
  }

  private static <T> T only(EventCodec<T> codec, StoredEvent nested) {
    List<T> decoded = codec.decode(nested);
    if (decoded.size() != 1) {
      throw new IllegalArgumentException(
          "a state or command of type '%s' is read as %d, it must be one"
              .formatted(nested.payload().type(), decoded.size()));
    }
    return decoded.getFirst();
  }

  private static Map<String, Timer> timers(JsonNode json) {
    var timers = new HashMap<String, Timer>();
    for (Map.Entry<String, JsonNode> timer : json.properties()) {
      JsonNode value = timer.getValue();
      timers.put(
          timer.getKey(),
          new Timer(
              Instant.parse(value.required("due").stringValue()),
              value.required("version").longValue()));
    }
    return timers;
  }

  @Override
  public Protection protection() {
    return this;
  }

  @Override
  public byte[] seal(StreamId stream, byte[] state) {
    return states.protection().seal(stream, state);
  }

  @Override
  public byte @Nullable [] open(StreamId stream, byte[] sealed) {
    return states.protection().open(stream, sealed);
  }

  @Override
  public void forgotten(String subject) {
    states.protection().forgotten(subject);
    commands.protection().forgotten(subject);
  }
}
