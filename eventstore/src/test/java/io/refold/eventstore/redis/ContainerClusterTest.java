package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.DockerClientFactory;

/** A store on clusters of other versions, where there is a container engine. */
@Tag("container")
@ParameterizedClass
@ValueSource(strings = {"redis:8.0", "valkey/valkey:8.1"})
class ContainerClusterTest extends ClusterContracts {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static ContainerCluster cluster;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @SuppressWarnings("NullAway.Init") // set before each test
  @Parameter
  private String image;

  @BeforeAll
  static void engine() {
    assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "no container engine answers, so clusters of Redis 8.0 and Valkey 8.1 are not tested");
  }

  @BeforeParameterizedClassInvocation
  static void open(String image) {
    cluster = new ContainerCluster(image);
    store = RedisEventStore.to(cluster.config()).open();
  }

  @AfterParameterizedClassInvocation
  static void close() {
    store.close();
    cluster.close();
  }

  @Override
  RedisEventStore cluster() {
    return store;
  }

  @Test
  void everyServerIsFoundThroughTheMappedPorts() {
    Diagnosis diagnosis = Doctor.of(store).examine();

    assertThat(DoctorFixture.codes(diagnosis)).as(image).doesNotContain("node-away", "not-checked");
  }
}
