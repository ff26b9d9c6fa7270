package io.refold.eventstore.redis;

import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.redisson.api.NodeType;
import org.redisson.config.Config;
import org.redisson.connection.ConnectionListener;

/** Counts lost connections and replies of a client. Thread-safe. */
@SuppressWarnings("deprecation") // of the methods without a type, which listeners must have
final class Disruptions implements ConnectionListener {
  private final @Nullable ConnectionListener next;
  private final AtomicLong number = new AtomicLong();

  /**
   * Counts from 0.
   *
   * @param next the user's own listener, which still hears everything
   */
  Disruptions(@Nullable ConnectionListener next) {
    this.next = next;
  }

  static Disruptions of(Config safe) {
    return (Disruptions) safe.getConnectionListener();
  }

  void count() {
    number.incrementAndGet();
  }

  long number() {
    return number.get();
  }

  @Override
  public void onConnect(InetSocketAddress node) {
    if (next != null) {
      next.onConnect(node);
    }
  }

  @Override
  public void onConnect(InetSocketAddress node, NodeType type) {
    if (next != null) {
      next.onConnect(node, type);
    }
  }

  @Override
  public void onDisconnect(InetSocketAddress node) {
    count();
    if (next != null) {
      next.onDisconnect(node);
    }
  }

  @Override
  public void onDisconnect(InetSocketAddress node, NodeType type) {
    count();
    if (next != null) {
      next.onDisconnect(node, type);
    }
  }
}
