package io.refold.eventstore.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.redisson.client.codec.BaseCodec;
import org.redisson.client.protocol.Decoder;
import org.redisson.client.protocol.Encoder;

/** Sends texts in UTF-8, numbers in decimal and bytes as they are; gives bytes back. */
final class BytesCodec extends BaseCodec {
  static final BytesCodec INSTANCE = new BytesCodec();

  private static final Encoder ENCODER =
      value ->
          Unpooled.wrappedBuffer(
              value instanceof byte[] bytes ? bytes : value.toString().getBytes(UTF_8));

  private static final Decoder<Object> DECODER = (buffer, state) -> bytes(buffer);

  private BytesCodec() {}

  @Override
  public Encoder getValueEncoder() {
    return ENCODER;
  }

  @Override
  public Decoder<Object> getValueDecoder() {
    return DECODER;
  }

  /** Returns about how many bytes values take; numbers and other small things count nothing. */
  static long size(Object[] values) {
    long size = 0;
    for (Object value : values) {
      if (value instanceof byte[] bytes) {
        size += bytes.length;
      } else if (value instanceof String text) {
        size += text.length();
      }
    }
    return size;
  }

  private static byte[] bytes(ByteBuf buffer) {
    var bytes = new byte[buffer.readableBytes()];
    buffer.readBytes(bytes);
    return bytes;
  }
}
