package io.refold.eventstore.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.redisson.config.Config;

/** Connections with TLS, to a server whose certificate is made for the test. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsTest {
  private static final Duration CLEARLY_BOUNDED = Duration.ofSeconds(30);
  private static final String PASSWORD = "of-the-truststore";

  @SuppressWarnings("NullAway.Init") // set before the first test
  @TempDir
  private static Path files;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  private static int port;

  @BeforeAll
  static void start() throws Exception {
    KeyStore made = certificate();
    var key = made.getKey("server", PASSWORD.toCharArray());
    pem("key.pem", "PRIVATE KEY", key.getEncoded());
    pem("cert.pem", "CERTIFICATE", made.getCertificate("server").getEncoded());
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", made.getCertificate("server"));
    try (OutputStream to = Files.newOutputStream(files.resolve("trusted.p12"))) {
      trusted.store(to, PASSWORD.toCharArray());
    }
    redis = started(5);
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  private static KeyStore certificate() throws Exception {
    Path store = files.resolve("server.p12");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    var process =
        new ProcessBuilder(
                keytool,
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-dname",
                "CN=refold",
                "-ext",
                "SAN=ip:127.0.0.1",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .redirectOutput(files.resolve("keytool.log").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(files.resolve("keytool.log"))).isZero();
    return KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
  }

  private static void pem(String name, String type, byte[] content) throws IOException {
    String base64 = Base64.getMimeEncoder(64, "\n".getBytes(UTF_8)).encodeToString(content);
    Files.writeString(
        files.resolve(name),
        "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(type, base64));
  }

  /** Another process may take the free port first. */
  private static EmbeddedRedis started(int attempts) throws IOException {
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try {
      return EmbeddedRedis.start(
          "tls-port " + port,
          "tls-auth-clients no",
          "tls-key-file " + files.resolve("key.pem"),
          "tls-cert-file " + files.resolve("cert.pem"),
          "tls-ca-cert-file " + files.resolve("cert.pem"));
    } catch (UncheckedIOException e) {
      if (attempts == 1) {
        throw e;
      }
      return started(attempts - 1);
    }
  }

  private static Config config(String scheme) {
    var config = new Config();
    config.useSingleServer().setAddress(scheme + "://127.0.0.1:" + port);
    return config;
  }

  @Test
  void aStoreIsOpenedOverTls() throws IOException {
    var config =
        config("rediss")
            .setSslTruststore(files.resolve("trusted.p12").toUri().toURL())
            .setSslTruststorePassword(PASSWORD);
    try (var store = RedisEventStore.to(config).partitions(1).open();
        var raw = new RawRedis(redis)) {
      assertThat(store.head(0).events()).isZero();
      assertThat(raw.command("HGET", "refold:meta", "partitions")).isEqualTo("1");
    }
  }

  private static void assertUnreachable(Config config, String... reasons) {
    long start = System.nanoTime();
    assertThatThrownBy(() -> RedisEventStore.connect(config))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("127.0.0.1:" + port)
        .hasMessageContainingAll(reasons);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(CLEARLY_BOUNDED);
  }

  @Test
  void aServerThatIsNotTrustedIsRefused() {
    assertUnreachable(config("rediss"), "certification path");
  }

  @Test
  void aPlainConnectionToTheTlsPortFailsAndSaysWhatToDo() {
    var config = config("redis");
    config.useSingleServer().setTimeout(1_000).setConnectTimeout(1_000);
    assertUnreachable(config, "rediss://");
  }

  @Test
  void aTlsConnectionToThePlainPortFails() {
    var config = new Config();
    config
        .useSingleServer()
        .setAddress("rediss://127.0.0.1:" + redis.port())
        .setTimeout(1_000)
        .setConnectTimeout(1_000);
    assertThatThrownBy(() -> RedisEventStore.connect(config))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("127.0.0.1:" + redis.port());
  }
}
