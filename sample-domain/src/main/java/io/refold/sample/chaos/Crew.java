package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** The processes of a run: writers and workers. Thread-safe. */
final class Crew implements AutoCloseable {
  private static final int WRITERS = 2;
  private static final int WORKERS = 2;
  static final int JOURNALS = WRITERS * WriterProcess.WRITERS;

  private final Path directory;
  private final List<String> store;
  private final long seed;
  private final Watchdog watchdog;
  private final List<Child> writers = new ArrayList<>();
  private final List<Child> workers = new ArrayList<>();
  private final AtomicInteger started = new AtomicInteger();
  private final AtomicInteger quiet = new AtomicInteger();
  private final ConcurrentLinkedQueue<String> differing = new ConcurrentLinkedQueue<>();
  private final Set<String> done = ConcurrentHashMap.newKeySet();

  /**
   * Starts the processes.
   *
   * @param directory where they write
   * @param url where the store is
   * @param namespace the store's namespace
   */
  Crew(Path directory, String url, String namespace, long seed, Watchdog watchdog)
      throws IOException {
    this.directory = directory;
    this.store = List.of(url, namespace);
    this.seed = seed;
    this.watchdog = watchdog;
    for (int i = 0; i < WRITERS; i++) {
      writers.add(writer(i));
    }
    for (int i = 0; i < WORKERS; i++) {
      workers.add(worker());
    }
  }

  private Child writer(int number) throws IOException {
    String name = "w" + number;
    return start(
        WriterProcess.class, name, List.of(name, String.valueOf(seed), directory.toString()));
  }

  private Child worker() throws IOException {
    String name = "worker" + started.incrementAndGet();
    return start(WorkerProcess.class, name, List.of(name, directory.toString()));
  }

  private Child start(Class<?> program, String name, List<String> more) throws IOException {
    var args = new ArrayList<>(store);
    args.addAll(more);
    return Child.start(name, program, directory, watchdog, this::hear, args);
  }

  private void hear(String line) {
    if (line.equals(WriterProcess.QUIET)) {
      quiet.incrementAndGet();
    } else if (line.startsWith(WorkerProcess.DIFFERS)) {
      differing.add(line.substring(WorkerProcess.DIFFERS.length()));
    } else if (line.startsWith(WorkerProcess.DONE)) {
      done.add(line.substring(WorkerProcess.DONE.length()));
    }
  }

  /** Tells whether a worker has carried out an order. */
  boolean isDone(String order) {
    return done.contains(order);
  }

  /** Has orders count as done only when they are carried out again. */
  void forgetDone() {
    done.clear();
  }

  /** Returns the verifications that have found a difference since this was asked last. */
  List<String> differing() {
    var all = new ArrayList<String>();
    for (String next = differing.poll(); next != null; next = differing.poll()) {
      all.add(next);
    }
    return all;
  }

  /** Kills a process of writers; its successor goes on with the command that is open. */
  void killWriter(int target) throws IOException {
    int number = target % WRITERS;
    synchronized (writers) {
      writers.get(number).close();
      writers.set(number, writer(number));
    }
  }

  /** Kills a process of workers and starts another one. */
  void killWorker(int target) throws IOException {
    int number = target % WORKERS;
    synchronized (workers) {
      workers.get(number).close();
      workers.set(number, worker());
    }
  }

  void pauseWriter(int target, Duration length) throws IOException {
    Signals.pause(member(writers, target).handle(), length);
  }

  void pauseWorker(int target, Duration length) throws IOException {
    Signals.pause(member(workers, target).handle(), length);
  }

  void tellWorker(int target, String order) {
    member(workers, target).tell(order);
  }

  private static Child member(List<Child> children, int target) {
    synchronized (children) {
      return children.get(target % children.size());
    }
  }

  /** Returns a text for each process that has ended although nobody has killed it. */
  List<String> dead() {
    var dead = new ArrayList<String>();
    for (List<Child> children : List.of(writers, workers)) {
      synchronized (children) {
        children.stream()
            .filter(child -> !child.alive())
            .forEach(child -> dead.add(child.name() + " has ended by itself"));
      }
    }
    return dead;
  }

  /** Tells the writers to end the commands that are open, and to begin no others. */
  void quiet() {
    quiet.set(0);
    tellWriters(WriterProcess.QUIET);
  }

  /** Lets projections pass everything that was booked before now. */
  void cure() throws IOException {
    new Poison(directory).end();
  }

  /** Tells whether no command is open. */
  boolean isQuiet() {
    return quiet.get() >= WRITERS;
  }

  /** Tells the writers to go on. */
  void go() {
    tellWriters(WriterProcess.GO);
  }

  private void tellWriters(String order) {
    synchronized (writers) {
      writers.forEach(writer -> writer.tell(order));
    }
  }

  /** Returns how much each writer has noted down so far. */
  List<Long> written() throws IOException {
    var sizes = new ArrayList<Long>();
    for (Path journal : files("*.journal")) {
      sizes.add(Files.size(journal));
    }
    return sizes;
  }

  /** Returns what the writers know. */
  Journal.Notes notes() throws IOException {
    return Journal.read(directory);
  }

  /** Returns the keys of all side effects, for each process in their order. */
  List<List<String>> effects() throws IOException {
    var all = new ArrayList<List<String>>();
    for (Path file : files("*.effects")) {
      String text = Files.readString(file); // the last line of a killed process may have no end
      all.add(text.substring(0, text.lastIndexOf('\n') + 1).lines().toList());
    }
    return all;
  }

  /** Returns the last lines of what the processes have logged. */
  List<String> logs(int lines) throws IOException {
    var tail = new ArrayList<String>();
    for (Path file : files("*.log")) {
      List<String> all = new String(Files.readAllBytes(file), UTF_8).lines().toList();
      all.stream()
          .skip(Math.max(0, all.size() - lines))
          .forEach(line -> tail.add(file.getFileName() + ": " + line));
    }
    return tail;
  }

  private List<Path> files(String pattern) throws IOException {
    var files = new ArrayList<Path>();
    try (var found = Files.newDirectoryStream(directory, pattern)) {
      found.forEach(files::add);
    }
    return files.stream().sorted().toList();
  }

  /** Kills all processes. */
  @Override
  public void close() {
    for (List<Child> children : List.of(writers, workers)) {
      synchronized (children) {
        children.forEach(Child::close);
      }
    }
  }
}
