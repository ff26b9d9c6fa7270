package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one writer has tried and what it was answered, a line each, written to a file before the
 * writer goes on. A writer that is killed leaves at most its last command open, and its successor
 * goes on from there. Not thread-safe.
 */
final class Journal implements AutoCloseable {
  private final FileChannel file;
  private final String writer;
  private long last;
  private boolean open;

  private Journal(FileChannel file, String writer) {
    this.file = file;
    this.writer = writer;
  }

  /**
   * What is known of a command.
   *
   * @param id its id
   * @param legs how many events it writes into each account
   * @param versions the version of its last event in each account, 0 where it was not told; null as
   *     long as it is not acknowledged
   */
  record Claim(String id, Map<String, Integer> legs, @Nullable Map<String, Long> versions) {
    boolean acknowledged() {
      return versions != null;
    }
  }

  /**
   * What writers have noted down.
   *
   * @param claims their commands
   * @param complaints what must not happen to a writer
   * @param unknown how often a reply was lost
   */
  record Notes(List<Claim> claims, List<String> complaints, long unknown) {}

  /** Opens a writer's journal in a directory, behind what is there. */
  static Journal open(Path directory, String writer) throws IOException {
    Path path = path(directory, writer);
    List<String> lines = lines(path);
    long whole = lines.stream().mapToLong(line -> line.getBytes(UTF_8).length + 1).sum();
    var file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    file.truncate(whole).position(whole);
    var journal = new Journal(file, writer);
    for (String line : lines) {
      String[] words = line.split(" ", 3);
      switch (words[0]) {
        case "try" -> {
          journal.last = Order.number(words[1]);
          journal.open = true;
        }
        case "ack", "weak", "broken" -> journal.open = false;
        default -> {}
      }
    }
    return journal;
  }

  private static Path path(Path directory, String writer) {
    return directory.resolve(writer + ".journal");
  }

  /** Returns the whole lines; what a killed writer has left without an end was never said. */
  private static List<String> lines(Path path) throws IOException {
    if (!Files.exists(path)) {
      return List.of();
    }
    String text = Files.readString(path);
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
  }

  /** Returns the command to go on with: the one that is open, else a new one. */
  Order next(long seed) {
    Order order = Order.of(seed, writer, open ? last : last + 1);
    if (!open) {
      write("try", order.id(), text(order.legs()));
      last++;
      open = true;
    }
    return order;
  }

  void acknowledged(Order order, Map<String, Long> versions) {
    write("ack", order.id(), text(versions));
    open = false;
  }

  /** Notes that a command is done, and not as durable as was asked for; it may be lost. */
  void weak(Order order) {
    write("weak", order.id(), "");
    open = false;
  }

  void unknown(Order order, String reason) {
    write("unknown", order.id(), reason);
  }

  /** Notes an answer that no fault explains; the command is given up. */
  void broken(Order order, String reason) {
    write("broken", order.id(), reason);
    open = false;
  }

  /** Notes that a row was read which does not have what was written before. */
  void stale(Order order, String reason) {
    write("stale", order.id(), reason);
  }

  private static String text(Map<String, ?> byAccount) {
    return byAccount.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(","));
  }

  private void write(String what, String id, String rest) {
    String line = what + " " + id + " " + rest.replaceAll("\\s+", " ") + "\n";
    try {
      file.write(ByteBuffer.wrap(line.getBytes(UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads all journals in a directory. */
  static Notes read(Path directory) throws IOException {
    var claims = new LinkedHashMap<String, Claim>();
    var complaints = new ArrayList<String>();
    long unknown = 0;
    List<Path> files;
    try (var found = Files.newDirectoryStream(directory, "*.journal")) {
      files = new ArrayList<>();
      found.forEach(files::add);
    }
    for (Path file : files.stream().sorted().toList()) {
      for (String line : lines(file)) {
        String[] words = line.split(" ", 3);
        switch (words[0]) {
          case "try" -> {
            var legs = new LinkedHashMap<String, Integer>();
            numbers(words[2]).forEach((account, n) -> legs.put(account, n.intValue()));
            claims.put(words[1], new Claim(words[1], legs, null));
          }
          case "ack" ->
              claims.computeIfPresent(
                  words[1], (id, claim) -> new Claim(id, claim.legs(), numbers(words[2])));
          case "weak" -> {}
          case "unknown" -> unknown++;
          default -> complaints.add(line);
        }
      }
    }
    return new Notes(List.copyOf(claims.values()), complaints, unknown);
  }

  private static Map<String, Long> numbers(String text) {
    var numbers = new LinkedHashMap<String, Long>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      numbers.put(part.substring(0, equals), Long.parseLong(part.substring(equals + 1)));
    }
    return numbers;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
