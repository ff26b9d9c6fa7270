package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.redisson.client.RedisBusyException;
import org.redisson.client.RedisClusterDownException;
import org.redisson.client.RedisConnectionException;
import org.redisson.client.RedisException;
import org.redisson.client.RedisLoadingException;
import org.redisson.client.RedisNoScriptException;
import org.redisson.client.RedisReadonlyException;
import org.redisson.client.RedisReconnectedException;
import org.redisson.client.RedisTimeoutException;
import org.redisson.client.RedisTryAgainException;
import org.redisson.client.WriteRedisConnectionException;

/** What a failure leaves behind decides whether a call is sent again, and what kept states hold. */
class RedisErrorsTest {
  private final Throwable scriptMissing = new RedisNoScriptException("NOSCRIPT none");
  private final Throwable moving = new RedisTryAgainException("TRYAGAIN");
  private final Throwable loading = new RedisLoadingException("LOADING");
  private final Throwable replicaNow = new RedisReadonlyException("READONLY");
  private final Throwable noConnection = new RedisConnectionException("none");
  private final Throwable notConnected =
      new RedisException("unable", new ConnectException("refused"));
  private final Throwable timeout = new RedisTimeoutException("late");
  private final Throwable broken = new WriteRedisConnectionException("broke", new IOException());
  private final Throwable reconnected = new RedisReconnectedException("again");
  private final Throwable forbidden = new RedisException("NOPERM this user has none");
  private final Throwable other = new RedisException("ERR unknown command");

  @Test
  void onlyWhatCertainlyWasNotExecutedIsSentAgain() {
    assertThat(List.of(scriptMissing, moving, loading, replicaNow, noConnection, notConnected))
        .allMatch(RedisErrors::passes);
    assertThat(List.of(timeout, broken, reconnected, forbidden, other))
        .noneMatch(RedisErrors::passes);
  }

  @Test
  void aReadIsSentAgainAfterABrokenConnectionToo() {
    assertThat(List.of(moving, broken)).allMatch(RedisErrors::readAgain);
    assertThat(List.of(timeout, forbidden)).noneMatch(RedisErrors::readAgain);
  }

  @Test
  void whateverMayMeanAnotherServerDropsKeptStates() {
    assertThat(List.of(scriptMissing, loading, replicaNow, noConnection, timeout, broken))
        .allMatch(RedisErrors::disrupts);
    assertThat(List.of(reconnected, new IllegalStateException("?")))
        .allMatch(RedisErrors::disrupts);
    assertThat(List.of(moving, forbidden, other)).noneMatch(RedisErrors::disrupts);
  }

  @Test
  void aServerThatRefusesHasAnswered() {
    assertThat(List.of(forbidden, other, moving)).allMatch(RedisErrors::answered);
    assertThat(List.of(timeout, broken, reconnected, noConnection, notConnected))
        .noneMatch(RedisErrors::answered);
  }

  @Test
  void everyKnownErrorHasItsWayOut() {
    assertThat(
            told(new RedisClusterDownException("CLUSTERDOWN Hash slot not served. channel: [x]")))
        .isEqualTo(
            "Redis did not execute the append and wrote nothing: CLUSTERDOWN Hash slot not served;"
                + " the cluster has slots without a master: start that master again, or let a"
                + " replica take its place; CLUSTER SHARDS names it");
    assertThat(told(loading)).endsWith("try again when it is ready");
    assertThat(told(noConnection)).endsWith("see whether the server runs, and its log");
    assertThat(told(moving)).endsWith("a slot is being moved: try again when that is done");
    assertThat(told(scriptMissing)).endsWith("try again, they are sent anew");
    assertThat(told(new RedisBusyException("BUSY a script"))).endsWith("SLOWLOG GET names it");
    assertThat(told(forbidden)).endsWith("(docs/guides/security.md)");
    assertThat(told(new RedisException("WRONGTYPE list"))).endsWith("use another namespace");
    assertThat(told(new RedisException("NOAUTH")))
        .endsWith("give this program the user and password of the server");
  }

  @Test
  void thatNothingWasWrittenIsSaidOnlyWhereItIsCertain() {
    assertThat(List.of(moving, loading, replicaNow, noConnection, notConnected))
        .allMatch(failure -> told(failure).contains("wrote nothing"));
    assertThat(List.of(timeout, broken, forbidden, other))
        .noneMatch(failure -> told(failure).contains("wrote nothing"));
    assertThat(told(timeout))
        .isEqualTo("the reply to the append was lost, so it may have been done: late");
  }

  @Test
  void aScriptThatHasStoppedStopsAgainUnlessItWasKilledOrKeptFromItsKey() {
    String where = " script: " + "a".repeat(40) + ", on @user_script:9.. channel: [x]";
    assertThat(List.of("ERR a deadline has no time", "ERR user_script:9: attempt to compare nil"))
        .allMatch(said -> RedisErrors.refused(new RedisException(said + where)));
    assertThat(
            List.of(
                "ERR Script attempted to access a non local key in a cluster node",
                "ERR user_script:9: Script killed by user with SCRIPT KILL...",
                "OOM command not allowed"))
        .noneMatch(said -> RedisErrors.refused(new RedisException(said + where)));
    assertThat(told(new RedisException("ERR a deadline has no time" + where)))
        .contains("ERR a deadline has no time")
        .endsWith("the doctor tells whether a key is damaged");
    String user = "ERR The user executing the script can't run this command or subcommand";
    assertThat(told(new RedisException(user + where)))
        .startsWith("Redis refuses")
        .contains("ACL LOG");
  }

  private static String told(Throwable failure) {
    return String.valueOf(RedisErrors.translate("the append", failure).getMessage());
  }

  @Test
  void onlyTheCoversOfFuturesAreTakenOff() {
    assertThat(RedisErrors.cause(new CompletionException(timeout))).isSameAs(timeout);
    assertThat(RedisErrors.cause(notConnected)).isSameAs(notConnected);
    assertThat(RedisErrors.cause(new CompletionException("bare", null)))
        .isInstanceOf(CompletionException.class);
  }
}
