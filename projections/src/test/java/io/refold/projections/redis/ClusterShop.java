package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import io.refold.eventstore.embedded.EmbeddedNode;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.PartitionState;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildProgress;
import io.refold.projections.RebuildRunningException;
import io.refold.projections.Shop;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import io.refold.projections.StartAt;
import io.refold.projections.reactions.Reaction;
import io.refold.projections.store.Generation;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.redisson.config.Config;

/**
 * Orders that are written, projected, reacted to and read in a namespace of its own on a cluster,
 * or behind sentinels, by writers that repeat what they do not know to be written, and by workers
 * with connections of their own.
 */
final class ClusterShop implements AutoCloseable {
  private static final int PARTITIONS = 6;
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LONGEST = Duration.ofSeconds(90);
  private static final Duration LONGEST_READ = Duration.ofSeconds(30);

  private final Shop.Orders orders = new Shop.Orders();
  private final Shop.SalesByDay sales = new Shop.SalesByDay();
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final Reaction reaction =
      Reaction.named("effects", StartAt.zero())
          .on(
              Shop.ORDERS,
              (recorded, cause) -> seen.add(recorded.stream() + "/" + recorded.version()))
          .build();
  private final Config servers;
  private final Runnable copied;
  private final String namespace = "t" + UUID.randomUUID();
  private final List<RedisEventStore> opened = new ArrayList<>();
  private final List<ProjectionWorkers> workers = new ArrayList<>();
  private final RedisEventStore events;
  private final RedisProjectionStore store;
  private final List<Thread> threads = new ArrayList<>();
  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger written = new AtomicInteger();
  private final AtomicIntegerArray writtenThere = new AtomicIntegerArray(PARTITIONS);
  private final ReentrantReadWriteLock gate = new ReentrantReadWriteLock(true);
  private volatile boolean stopping;
  private volatile @Nullable Position newest;

  ClusterShop(EmbeddedCluster cluster) {
    this(
        SharedCluster.config(cluster),
        () -> cluster.masters().forEach(master -> awaitCopied(master, cluster.replicasOf(master))));
  }

  /**
   * Opens a shop.
   *
   * @param servers how to connect
   * @param copied waits until replicas have all that their masters have now
   */
  ClusterShop(Config servers, Runnable copied) {
    this.servers = servers;
    this.copied = copied;
    this.events = open();
    this.store = RedisProjectionStore.on(events);
  }

  private RedisEventStore open() {
    RedisEventStore connected =
        RedisEventStore.to(servers).namespace(namespace).partitions(PARTITIONS).open();
    opened.add(connected);
    return connected;
  }

  RedisEventStore events() {
    return events;
  }

  RedisProjectionStore store() {
    return store;
  }

  Shop.Orders orders() {
    return orders;
  }

  Shop.SalesByDay sales() {
    return sales;
  }

  /** Starts workers with a store of their own. */
  ProjectionWorkers start(String name) {
    ProjectionWorkers started =
        ProjectionWorkers.on(RedisProjectionStore.on(open()))
            .add(orders)
            .add(sales)
            .add(reaction)
            .lease(LEASE)
            .name(name)
            .start();
    workers.add(started);
    return started;
  }

  /**
   * Returns keys in the slots of partitions, of shards of the shared rows, and of the catalogue.
   */
  List<String> keys() {
    var all = new ArrayList<String>();
    for (int partition = 0; partition < PARTITIONS; partition += 2) {
      all.add(events.session().logKey(partition));
    }
    all.add(new ProjectionKeys(events.session()).views());
    all.addAll(shards().subList(0, 2));
    return all;
  }

  /** Returns a key in the slot of each shard of the shared rows. */
  List<String> shards() {
    var keys = new ProjectionKeys(events.session());
    return IntStream.range(0, store.shards())
        .mapToObj(shard -> keys.head(new Generation(sales.name(), 1), shard))
        .toList();
  }

  /** Starts a reader, and a writer per partition: one whose slot is half moved may have to wait. */
  void write() {
    for (int i = 0; i < PARTITIONS; i++) {
      int partition = i;
      List<String> ids =
          IntStream.range(0, 1_000)
              .mapToObj(Integer::toString)
              .filter(id -> events.partitionOf(Shop.ORDERS.stream(id)) == partition)
              .limit(20)
              .toList();
      run("writer-" + i, number -> place(ids.get(number % ids.size()), number));
    }
    run("reader", this::read);
  }

  private interface Job {
    void run(int number) throws Exception;
  }

  private void run(String name, Job job) {
    threads.add(
        Thread.ofPlatform()
            .name(name)
            .daemon()
            .start(() -> {
              try {
                for (int i = 0; !stopping; i++) {
                  job.run(i);
                }
              } catch (Throwable e) {
                failures.add(e);
              }
            }));
  }

  private void place(String id, int number) {
    gate.readLock().lock();
    try {
      Position position = append(id, number % 5 == 0 ? new Placed("p" + number) : new Paid(number));
      newest = position;
      written.incrementAndGet();
      writtenThere.incrementAndGet(position.partition());
    } finally {
      gate.readLock().unlock();
    }
  }

  /** Appends an event, again until it is known to be written. */
  Position append(String id, OrderEvent event) {
    Append append = Append.of(Shop.ORDERS, id, ExpectedVersion.any(), List.of(event));
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        AppendResult result = events.append(append);
        if (!(result instanceof AppendResult.Unknown)) {
          return Shop.position(result);
        }
      } catch (StoreUnavailableException away) {
        LockSupport.parkNanos(20_000_000);
      }
    }
    throw new AssertionError("not written within " + LONGEST + ": " + append);
  }

  private void read(int number) {
    Position position = newest;
    long began = System.nanoTime();
    try {
      store.readModel(sales).find("bucket-" + number % 10);
      if (position != null) {
        store.readModel(sales).await(position, Duration.ofSeconds(1));
      }
    } catch (StoreUnavailableException away) {
      LockSupport.parkNanos(20_000_000);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LONGEST_READ);
  }

  /** Holds the writers up, and waits until all that is written is applied, and is on replicas. */
  void still() {
    gate.writeLock().lock();
    awaitCaughtUp();
    awaitCopied();
  }

  /** Lets the writers go on. */
  void goOn() {
    gate.writeLock().unlock();
  }

  /** Waits until replicas have all that their masters have now. */
  void awaitCopied() {
    copied.run();
  }

  /** Waits until these replicas have all that their master has now. */
  static void awaitCopied(EmbeddedNode master, List<? extends EmbeddedNode> replicas) {
    long offset = offset(master, "master_repl_offset");
    for (EmbeddedNode replica : replicas) {
      await("replicas follow", () -> offset(replica, "slave_repl_offset") >= offset);
    }
  }

  private static long offset(EmbeddedNode node, String name) {
    return Long.parseLong(replication(node, name));
  }

  private static String replication(EmbeddedNode node, String name) {
    return String.valueOf(node.command("INFO", "replication"))
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  /** Keeps a replica from copying anything more. */
  static void cutOff(ClusterNode replica) {
    replica.command("CONFIG", "SET", "masterauth", "a password that its master does not have");
    replica.command("CLIENT", "KILL", "TYPE", "master");
    await(
        "the replica is cut off", () -> replication(replica, "master_link_status").equals("down"));
  }

  /** Lets a node copy others again. */
  static void reconnect(ClusterNode node) {
    node.command("CONFIG", "SET", "masterauth", "");
  }

  /** Starts a rebuild, unless one is running or the store is away. */
  void rebuild() {
    try {
      var unused = workers.getFirst().rebuild(sales);
    } catch (RebuildRunningException | StoreUnavailableException | ReplyLostException notNow) {
      // there are more of them
    }
  }

  /** Waits until no rebuild is under way, and carries another one out. */
  void assertRebuilds() throws InterruptedException {
    await(
        "rebuilds end",
        () -> store.generations().look(sales.name(), sales.version()).rebuild().isEmpty());
    assertThat(workers.getFirst().rebuild(sales).await(LONGEST))
        .map(RebuildProgress::state)
        .contains(RebuildProgress.State.DONE);
  }

  void awaitWritten(int more) {
    int target = written.get() + more;
    await("more is written", () -> written.get() >= target || !failures.isEmpty());
    assertThat(failures).isEmpty();
  }

  /** Waits until more is written in every partition, wherever its master is now. */
  void awaitWrittenEverywhere() {
    for (int i = 0; i < PARTITIONS; i++) {
      int partition = i;
      int target = writtenThere.get(partition) + 5;
      await(
          "more is written in partition " + partition,
          () -> writtenThere.get(partition) >= target || !failures.isEmpty());
    }
    assertThat(failures).isEmpty();
  }

  void awaitCaughtUp() {
    await(
        "all events are applied",
        () -> caughtUp(store.status(orders)) && caughtUp(store.status(sales)));
  }

  private static boolean caughtUp(ProjectionStatus status) {
    return status.caughtUp()
        && status.partitions().stream().allMatch(p -> p.state() == PartitionState.RUNNING);
  }

  /** Stops the writers and waits until all that they have written is applied. */
  void finish() throws InterruptedException {
    stopping = true;
    for (Thread thread : threads) {
      thread.join(LONGEST);
      assertThat(thread.isAlive()).as(thread.getName()).isFalse();
    }
    assertThat(failures).isEmpty();
    awaitCaughtUp();
    await("the reaction has seen all", () -> seen.size() >= writtenEvents());
  }

  private long writtenEvents() {
    long all = 0;
    for (int partition = 0; partition < PARTITIONS; partition++) {
      all += events.head(partition).events();
    }
    return all;
  }

  void assertEveryEventCountedOnce() {
    assertRowsAreAFreshFold();
    assertThat(writtenEvents()).isEqualTo(written.get());
    assertThat(seen).hasSize(written.get());
    Map<String, Sales> totals = Shop.rows(store.readModel(sales));
    assertThat(totals.get("all")).extracting(Sales::events).isEqualTo((long) written.get());
    for (ProjectionStatus status : List.of(store.status(orders), store.status(sales))) {
      assertThat(status.partitions())
          .extracting(ProjectionStatus.Partition::error)
          .containsOnly(Optional.empty());
    }
  }

  void assertRowsAreAFreshFold() {
    assertThat(Shop.rows(store.readModel(orders))).isEqualTo(Shop.freshFold(events, orders));
    assertThat(Shop.rows(store.readModel(sales))).isEqualTo(Shop.freshFold(events, sales));
  }

  /** Waits for a condition that may also fail for a while because the store is away. */
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (!holds(condition)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("did not come true within %s: %s".formatted(LONGEST, what));
      }
      LockSupport.parkNanos(20_000_000);
    }
  }

  private static boolean holds(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (StoreUnavailableException | ReplyLostException | UncheckedIOException away) {
      return false;
    }
  }

  @Override
  public void close() {
    stopping = true;
    if (gate.isWriteLockedByCurrentThread()) {
      gate.writeLock().unlock();
    }
    workers.forEach(ProjectionWorkers::close);
    opened.forEach(RedisEventStore::close);
    threads.forEach(Thread::interrupt);
  }
}
