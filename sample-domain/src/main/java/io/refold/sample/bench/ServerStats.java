package io.refold.sample.bench;

import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the server says about itself, asked over a plain socket: the sample sees Redis only through
 * Refold, and Refold has no reason to offer this.
 */
public final class ServerStats {
  private static final Pattern COMMAND =
      Pattern.compile("cmdstat_([a-z|]+):calls=(\\d+),usec=(\\d+)");
  private static final Pattern CPU = Pattern.compile("used_cpu_(?:sys|user):([0-9.]+)");
  private static final Pattern COMMANDS = Pattern.compile("total_commands_processed:(\\d+)");
  private static final Pattern CLIENTS = Pattern.compile("connected_clients:(\\d+)");
  private static final Pattern FILE = Pattern.compile("aof_current_size:(\\d+)");
  private static final Pattern MEMORY = Pattern.compile("used_memory:(\\d+)");

  private final int port;

  public ServerStats(EmbeddedRedis redis) {
    port = redis.port();
  }

  /** How often a command ran, and how long the server worked on it. */
  record Work(long calls, long micros) {
    Work minus(Work earlier) {
      return new Work(calls - earlier.calls(), micros - earlier.micros());
    }

    /** Returns how many of something the server alone would do in a second. */
    double ceiling(long things) {
      return micros == 0 ? 0 : things * 1e6 / micros;
    }
  }

  /** Processor time of the server. */
  public record Cpu(double micros) {
    public Cpu minus(Cpu earlier) {
      return new Cpu(micros - earlier.micros());
    }

    Cpu plus(Cpu other) {
      return new Cpu(micros + other.micros());
    }
  }

  public Cpu cpu() {
    Matcher line = CPU.matcher(info("cpu"));
    double seconds = 0;
    while (line.find()) {
      seconds += Double.parseDouble(line.group(1));
    }
    return new Cpu(seconds * 1e6);
  }

  /** Returns how many commands the server has run, those in scripts included. */
  public long commands() {
    Matcher line = COMMANDS.matcher(info("stats"));
    if (!line.find()) {
      throw new IllegalStateException("the server does not tell its commands");
    }
    return Long.parseLong(line.group(1));
  }

  Work of(String command) {
    Matcher line = COMMAND.matcher(info("commandstats"));
    while (line.find()) {
      if (line.group(1).equals(command)) {
        return new Work(Long.parseLong(line.group(2)), Long.parseLong(line.group(3)));
      }
    }
    return new Work(0, 0);
  }

  public long usedMemory() {
    return number(MEMORY, "memory");
  }

  /** Returns how many connections are open, the one that asks not counted. */
  public long connections() {
    return number(CLIENTS, "clients") - 1;
  }

  /** Returns how long the append-only file is; replicas get the same bytes. */
  public long fileBytes() {
    return number(FILE, "persistence");
  }

  private long number(Pattern pattern, String section) {
    Matcher line = pattern.matcher(info(section));
    if (!line.find()) {
      throw new IllegalStateException("the server does not tell its " + section);
    }
    return Long.parseLong(line.group(1));
  }

  private String info(String section) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write("INFO %s\r\nQUIT\r\n".formatted(section).getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
