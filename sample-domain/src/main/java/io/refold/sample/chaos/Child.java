package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A JVM that this one has started. It ends with this one. Thread-safe. */
final class Child implements AutoCloseable {
  private static final List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xmx192m",
          "--enable-native-access=ALL-UNNAMED");

  private final String name;
  private final Process process;
  private final Watchdog watchdog;
  private final PrintStream orders;

  private Child(String name, Process process, Watchdog watchdog) {
    this.name = name;
    this.process = process;
    this.watchdog = watchdog;
    orders = new PrintStream(process.getOutputStream(), true, UTF_8);
  }

  /**
   * Starts one.
   *
   * @param name its name
   * @param program its main class
   * @param directory where its log is appended to, {@code <name>.log}
   * @param heard is told each line that it prints
   */
  static Child start(
      String name,
      Class<?> program,
      Path directory,
      Watchdog watchdog,
      Consumer<String> heard,
      List<String> args)
      throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(OPTIONS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(args);
    Process process =
        new ProcessBuilder(command)
            .redirectError(
                ProcessBuilder.Redirect.appendTo(directory.resolve(name + ".log").toFile()))
            .start();
    watchdog.guard(process.toHandle());
    BufferedReader lines = process.inputReader(UTF_8);
    // reading from a pipe would hold on to a carrier of virtual threads
    Thread.ofPlatform().daemon().name("child-" + name).start(() -> listen(lines, heard));
    return new Child(name, process, watchdog);
  }

  private static void listen(BufferedReader lines, Consumer<String> heard) {
    try (lines) {
      lines.lines().forEach(heard);
    } catch (IOException | UncheckedIOException e) {
      // it was killed
    }
  }

  /** Says a line to it; it may be dead. */
  void tell(String line) {
    orders.println(line);
  }

  String name() {
    return name;
  }

  boolean alive() {
    return process.isAlive();
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  /** Kills it as {@code kill -9} does, and waits until it is gone. */
  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
    watchdog.release(process.toHandle());
  }
}
