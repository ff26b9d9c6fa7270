package io.refold.sample.chaos;

import io.refold.sample.chaos.Ledger.Book;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One command of a writer, the same for the same seed.
 *
 * @param id the command id, {@code <writer>-<number>}
 * @param handled whether a command handler does it, at an exact version; else it is appended behind
 *     whatever is there
 * @param legs how many events go into each account; several accounts are of one route
 * @param cents what each event books
 */
record Order(String id, boolean handled, Map<String, Integer> legs, long cents) {
  private static final int ROUTES = 32;
  private static final int ACCOUNTS_OF_A_ROUTE = 3;

  /** Copies the accounts. */
  Order {
    legs = Collections.unmodifiableMap(new LinkedHashMap<>(legs));
  }

  /** Returns a writer's command with this number, from 1. */
  static Order of(long seed, String writer, long number) {
    var random = new SplittableRandom(31 * (31 * seed + writer.hashCode()) + number);
    String route = "r" + random.nextInt(ROUTES);
    int accounts = random.nextInt(4) == 0 ? 2 : 1;
    int first = random.nextInt(ACCOUNTS_OF_A_ROUTE);
    var legs = new LinkedHashMap<String, Integer>();
    for (int i = 0; i < accounts; i++) {
      String account = route + "/" + "abc".charAt((first + i) % ACCOUNTS_OF_A_ROUTE);
      legs.put(account, 1 + random.nextInt(3));
    }
    boolean handled = accounts == 1 && random.nextInt(3) > 0;
    return new Order(writer + "-" + number, handled, legs, 1 + random.nextLong(10_000));
  }

  /** Returns the writer that a command id names. */
  static String writer(String id) {
    return id.substring(0, id.lastIndexOf('-'));
  }

  /** Returns the number that a command id names. */
  static long number(String id) {
    return Long.parseLong(id.substring(id.lastIndexOf('-') + 1));
  }

  /** Returns what is to be booked on an account. */
  Book book(String account) {
    return new Book(id, legs.getOrDefault(account, 0), cents);
  }
}
