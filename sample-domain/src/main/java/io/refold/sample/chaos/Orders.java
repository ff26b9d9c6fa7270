package io.refold.sample.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * What the parent process says, line by line. When it says nothing more, because it has ended in
 * whatever way, this process ends at once, whatever its other threads are doing.
 */
final class Orders {
  private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private Orders() {}

  /** Starts to listen. */
  static Orders ofParent() {
    var orders = new Orders();
    Thread.ofPlatform().daemon().name("parent").start(orders::listen);
    return orders;
  }

  private void listen() {
    try (var in = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
      in.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      // as good as its end
    }
    Runtime.getRuntime().halt(0);
  }

  /** Waits for the next line. */
  String next() {
    while (true) {
      try {
        return lines.take();
      } catch (InterruptedException e) {
        // nobody has a reason to interrupt the main thread
      }
    }
  }
}
