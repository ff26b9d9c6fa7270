package io.refold.sample.fine;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What can be done to a fine: the steps of the process, by their names in the real log. */
public enum Activity {
  /** The police write the fine. */
  CREATE('C', "Create Fine"),
  /** It is posted to the offender. */
  SEND('S', "Send Fine"),
  /** The post has delivered it; from now on time limits run. */
  NOTIFY('N', "Insert Fine Notification"),
  /** Sixty days after the notification the amount rises. */
  ADD_PENALTY('A', "Add penalty"),
  /** Money has come in. */
  PAY('P', "Payment"),
  /** The rest is handed to a collection agency. */
  COLLECT('K', "Send for Credit Collection"),
  /** The offender has appealed to the prefecture. */
  FILE_APPEAL('D', "Insert Date Appeal to Prefecture"),
  /** The police have sent that appeal to the prefecture. */
  SEND_APPEAL('F', "Send Appeal to Prefecture"),
  /** The prefecture has decided. */
  RECEIVE_RESULT('R', "Receive Result Appeal from Prefecture"),
  /** The offender has been told. */
  NOTIFY_RESULT('O', "Notify Result Appeal to Offender"),
  /** The offender has appealed to a judge. */
  APPEAL_TO_JUDGE('J', "Appeal to Judge");

  private static final Map<String, Activity> BY_TITLE =
      Arrays.stream(values()).collect(Collectors.toMap(Activity::title, Function.identity()));

  private final char letter;
  private final String title;

  Activity(char letter, String title) {
    this.letter = letter;
    this.title = title;
  }

  /** Returns the letter that stands for it in a trace. */
  public char letter() {
    return letter;
  }

  /** Returns its name in the log. */
  public String title() {
    return title;
  }

  /**
   * Returns the activity with this name in the log.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Activity ofTitle(String title) {
    Activity activity = BY_TITLE.get(title);
    if (activity == null) {
      throw new IllegalArgumentException("'%s' is no activity of a traffic fine".formatted(title));
    }
    return activity;
  }

  /**
   * Returns the activities that a trace's letters stand for: {@code CSN} is create, send, notify.
   *
   * @throws IllegalArgumentException if a letter stands for none
   */
  public static List<Activity> ofTrace(String trace) {
    return trace.chars().mapToObj(Activity::ofLetter).toList();
  }

  private static Activity ofLetter(int letter) {
    for (Activity activity : values()) {
      if (activity.letter == letter) {
        return activity;
      }
    }
    throw new IllegalArgumentException("no activity has the letter '%c'".formatted(letter));
  }
}
