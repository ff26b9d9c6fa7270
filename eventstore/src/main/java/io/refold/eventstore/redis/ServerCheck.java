package io.refold.eventstore.redis;

import io.refold.eventstore.StoreMisconfiguredException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.config.Config;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Looks at the masters before a store uses them: refuses those that cannot keep history, and states
 * what the others can lose. It finds a part of what a {@link Doctor} finds, by the same checks.
 */
final class ServerCheck {
  static final Illness ALONE =
      new Illness(
          Severity.HALT,
          "node-of-a-cluster",
          "it refuses whatever lies on the others",
          "give the addresses of several nodes, separated by commas, or a configuration with"
              + " useClusterServers()");

  private static final Logger LOG = LoggerFactory.getLogger(RedisEventStore.class);
  private static final Set<Illness> REFUSED =
      Set.of(ServerChecks.EVICTION, ServerChecks.OLD, ALONE);
  private static final List<BiConsumer<ServerNode, Consumer<Finding>>> LOOKS =
      List.of(
          ServerChecks::eviction,
          ServerChecks::age,
          ReplicasCheck::replicas,
          ServerChecks::persistence, // it and the next ask for settings, which may be forbidden
          ReplicasCheck::guard);

  private ServerCheck() {}

  /**
   * Returns what can be lost with these servers, a sentence for each and each server, the worst
   * first.
   *
   * @throws StoreMisconfiguredException if a server cannot keep an event store
   */
  static List<String> check(RedissonClient redisson, Config config) {
    var found = new ArrayList<Finding>();
    String servers;
    try (var nodes = new ServerNodes(redisson)) {
      servers = nodes.masters().stream().map(ServerNode::name).collect(Collectors.joining(", "));
      nodes.masters().forEach(node -> look(node, config.isSingleConfig(), found::add));
    }
    List<Finding> findings = new Diagnosis(found).findings();
    List<String> problems =
        findings.stream()
            .filter(finding -> REFUSED.contains(finding.illness()))
            .map(Finding::sentence)
            .toList();
    if (!problems.isEmpty()) {
      throw new StoreMisconfiguredException("Redis at " + servers, problems);
    }
    for (Finding finding : findings) {
      Level level = finding.severity() == Severity.ADVICE ? Level.INFO : Level.WARN;
      LOG.atLevel(level).log("{}", finding.sentence());
    }
    return findings.stream().map(Finding::sentence).toList();
  }

  private static void look(ServerNode node, boolean single, Consumer<Finding> report) {
    if (!tells(node)) {
      report.accept(
          Doctor.NOT_CHECKED.found(
              "INFO is not permitted at %s (+info), so its version, maxmemory-policy (must be"
                  + " noeviction), append-only file and replicas are not checked",
              node.name()));
      return;
    }
    if (single && node.fact("cluster_enabled").equals("1")) {
      report.accept(ALONE.found("%s is a node of a cluster", node.name()));
    }
    try {
      LOOKS.forEach(look -> look.accept(node, report));
    } catch (RedisException e) {
      if (!RedisErrors.answered(e)) {
        throw e;
      }
      report.accept(
          Doctor.NOT_CHECKED.found(
              "CONFIG GET is not permitted at %s (+config|get), so appendfsync and"
                  + " min-replicas-to-write are not checked",
              node.name()));
    }
  }

  private static boolean tells(ServerNode node) {
    try {
      return !node.info().isEmpty();
    } catch (RedisException e) {
      if (RedisErrors.refused(e)) {
        return false;
      }
      throw e;
    }
  }
}
