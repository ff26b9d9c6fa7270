package io.refold.sample.guide;

import io.refold.eventstore.Category;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventCodec;
import jakarta.validation.constraints.NotBlank;
import java.util.List;

/** Messages to customers: an aggregate that others send commands to. */
public final class Inboxes {
  public static final Category<MessageReceived> INBOXES =
      Category.of("inbox", EventCodec.json(MessageReceived.class));

  private Inboxes() {}

  public record Message(@NotBlank String text) {}

  public record MessageReceived(String text) {}

  /** Takes every message: what is sent twice is there twice. */
  public static final class InboxDecider implements Decider<Message, Integer, MessageReceived> {
    @Override
    public Integer initialState() {
      return 0;
    }

    @Override
    public List<MessageReceived> decide(Message command, Integer messages, Context context) {
      return List.of(new MessageReceived(command.text()));
    }

    @Override
    public Integer evolve(Integer messages, MessageReceived event) {
      return messages + 1;
    }
  }
}
