package io.refold.eventstore.redis;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.redisson.client.codec.BaseCodec;
import org.redisson.client.protocol.Decoder;
import org.redisson.client.protocol.Encoder;

/** Sends texts in UTF-8, numbers in decimal and bytes as they are; gives bytes back. */
final class BytesCodec extends BaseCodec {
  static final BytesCodec INSTANCE = new BytesCodec();

  private static final Encoder ENCODER =
      value ->
          value instanceof byte[] bytes
              ? Unpooled.wrappedBuffer(bytes)
              : ByteBufUtil.writeUtf8(ByteBufAllocator.DEFAULT, value.toString());

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

  private static byte[] bytes(ByteBuf buffer) {
    var bytes = new byte[buffer.readableBytes()];
    buffer.readBytes(bytes);
    return bytes;
  }
}
