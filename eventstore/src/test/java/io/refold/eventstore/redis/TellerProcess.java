package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Close;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.CommandException;
import io.refold.eventstore.CommandHandler;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Path;

/** A process with a command handler of its own, which does what it is told until its input ends. */
final class TellerProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final PrintStream orders;

  private TellerProcess(Process process) {
    this.process = process;
    answers = process.inputReader(UTF_8);
    orders = new PrintStream(process.getOutputStream(), true, UTF_8);
  }

  static TellerProcess start(String url) throws IOException {
    return new TellerProcess(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                TellerProcess.class.getName(),
                url)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Returns the state after a command, or the name of the exception. */
  String handle(String id, String command) throws IOException {
    orders.println(id + " " + command);
    for (String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.startsWith("answer ")) {
        return line.substring("answer ".length());
      }
    }
    throw new IOException("the process has ended");
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Handles one command per line. */
  public static void main(String[] args) throws IOException {
    try (var store = RedisEventStore.connect(args[0])) {
      var accounts = CommandHandler.on(store, ACCOUNTS, new AccountDecider()).build();
      var orders = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      for (String line = orders.readLine(); line != null; line = orders.readLine()) {
        System.out.println("answer " + answer(accounts, line.split(" ", -1)));
      }
    }
  }

  private static String answer(CommandHandler<Command, Account, ?> accounts, String[] order) {
    Command command =
        switch (order[1]) {
          case "open" -> new Open("Bob");
          case "close" -> new Close();
          default -> new Deposit(Long.parseLong(order[1]));
        };
    try {
      return accounts.handle(order[0], command).state().toString();
    } catch (CommandException refused) {
      return refused.getClass().getSimpleName();
    }
  }
}
