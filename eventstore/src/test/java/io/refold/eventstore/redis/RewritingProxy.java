package io.refold.eventstore.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Passes a server's replies on with some texts in them replaced by others of the same length. */
final class RewritingProxy implements AutoCloseable {
  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final int server;
  private final Map<String, String> texts;

  RewritingProxy(int server, Map<String, String> texts) throws IOException {
    this.server = server;
    this.texts = texts;
    Thread.ofPlatform().daemon().start(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        sockets.add(client);
        var target = new Socket(InetAddress.getLoopbackAddress(), server);
        sockets.add(target);
        Thread.ofPlatform().daemon().start(() -> pass(client, target, Map.of()));
        Thread.ofPlatform().daemon().start(() -> pass(target, client, texts));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private static void pass(Socket from, Socket to, Map<String, String> texts) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      var buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        String passing = new String(buffer, 0, read, ISO_8859_1);
        for (Map.Entry<String, String> text : texts.entrySet()) {
          passing = passing.replace(text.getKey(), text.getValue());
        }
        out.write(passing.getBytes(ISO_8859_1));
      }
    } catch (IOException e) {
      // one side has closed
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
