package io.refold.eventstore.redis;

import org.redisson.api.RScriptAsync;
import org.redisson.api.RStreamAsync;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.Codec;
import org.redisson.client.codec.StringCodec;
import org.redisson.codec.CompositeCodec;

/** Where a call goes: to the server by itself, or into a pipeline with others. */
interface Target {
  /** Names of fields as text, values as bytes. */
  Codec FIELDS =
      new CompositeCodec(StringCodec.INSTANCE, ByteArrayCodec.INSTANCE, ByteArrayCodec.INSTANCE);

  RScriptAsync scripts();

  RStreamAsync<String, byte[]> stream(String key);

  static Target alone(RedissonClient client) {
    return new Target() {
      @Override
      public RScriptAsync scripts() {
        return client.getScript(BytesCodec.INSTANCE);
      }

      @Override
      public RStreamAsync<String, byte[]> stream(String key) {
        return client.getStream(key, FIELDS);
      }
    };
  }
}
