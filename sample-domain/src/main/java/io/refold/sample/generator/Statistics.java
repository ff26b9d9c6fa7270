package io.refold.sample.generator;

import io.refold.sample.fine.VehicleClass;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * How often what happens in the log "Road Traffic Fine Management Process" (doi:
 * 10.4121/uuid:270fd440-1057-4fb9-89a9-b699b47990f5): counts, quantiles and tariffs, in {@code
 * statistics.json}.
 */
final class Statistics {
  private static final String RESOURCE = "statistics.json";

  /**
   * The tables as written; a tariff is article, cents, penalty, count, points, their percentage.
   */
  private record Tables(
      LinkedHashMap<String, Integer> variants,
      LinkedHashMap<YearMonth, Integer> months,
      LinkedHashMap<Integer, List<List<Integer>>> tariffs,
      LinkedHashMap<Integer, LinkedHashMap<Integer, Integer>> expenses,
      LinkedHashMap<String, List<Integer>> gaps,
      LinkedHashMap<String, Integer> series,
      LinkedHashMap<VehicleClass, Integer> vehicles,
      LinkedHashMap<String, Integer> deliveries,
      LinkedHashMap<String, Integer> dismissals,
      List<LocalDate> collections) {}

  /** What one offence costs in one year. */
  record Tariff(int article, int cents, int penaltyCents, int points, int pointsPercent) {}

  private final NavigableMap<Integer, Weighted<Tariff>> tariffs = new TreeMap<>();
  private final NavigableMap<Integer, Weighted<Integer>> expenses = new TreeMap<>();
  private final Map<String, List<Integer>> gaps = new HashMap<>();
  private final List<LocalDate> collections;
  final Weighted<String> variants;
  final Weighted<YearMonth> months;
  final Weighted<String> series;
  final Weighted<VehicleClass> vehicles;
  final Weighted<String> deliveries;
  final Weighted<String> dismissals;

  Statistics() {
    Tables tables = read();
    variants = Weighted.of(tables.variants, variant -> variant);
    months = Weighted.of(tables.months, month -> month);
    series = Weighted.of(tables.series, letter -> letter);
    vehicles = Weighted.of(tables.vehicles, vehicle -> vehicle);
    deliveries = Weighted.of(tables.deliveries, delivery -> delivery);
    dismissals = Weighted.of(tables.dismissals, code -> code);
    collections = tables.collections;
    gaps.putAll(tables.gaps);
    tables.expenses.forEach(
        (year, weights) -> expenses.put(year, Weighted.of(weights, cents -> cents)));
    tables.tariffs.forEach((year, rows) -> {
      var weighted = new Weighted<Tariff>();
      for (List<Integer> row : rows) {
        weighted.add(
            new Tariff(row.get(0), row.get(1), row.get(2), row.get(4), row.get(5)), row.get(3));
      }
      tariffs.put(year, weighted);
    });
  }

  private static Tables read() {
    try (InputStream json = Statistics.class.getResourceAsStream(RESOURCE)) {
      return JsonMapper.shared().readValue(Objects.requireNonNull(json, RESOURCE), Tables.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Tariff tariff(int year, RandomGenerator random) {
    return nearest(tariffs, year).draw(random);
  }

  int expenseCents(int year, RandomGenerator random) {
    return nearest(expenses, year).draw(random);
  }

  private static <T> T nearest(NavigableMap<Integer, T> years, int year) {
    var entry = years.floorEntry(year);
    return entry == null ? years.firstEntry().getValue() : entry.getValue();
  }

  /** Draws how many days pass between two activities, from the quantiles of the real gaps. */
  int gapDays(char from, char to, RandomGenerator random) {
    List<Integer> quantiles = gaps.getOrDefault("" + from + to, gaps.getOrDefault("PP", List.of()));
    int i = random.nextInt(quantiles.size() - 1);
    return random.nextInt(quantiles.get(i), quantiles.get(i + 1) + 1);
  }

  /** Returns the first day on or after this one on which fines went to collection. */
  LocalDate collectionFrom(LocalDate earliest) {
    return collections.stream()
        .filter(day -> !day.isBefore(earliest))
        .findFirst()
        .orElse(earliest.isAfter(FineGenerator.END) ? earliest : FineGenerator.END.plusDays(1));
  }
}
