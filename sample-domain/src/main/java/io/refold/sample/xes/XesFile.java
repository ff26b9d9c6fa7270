package io.refold.sample.xes;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * A log in a file, plain or compressed by gzip: read as a stream, one trace in memory at a time.
 * Document type declarations and entities from elsewhere are refused.
 *
 * @param path the file
 */
public record XesFile(Path path) {
  private static final XMLInputFactory XML = factory();
  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int BUFFER = 1 << 16;

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, false);
    return factory;
  }

  /**
   * Gives every trace to the consumer, in the file's order.
   *
   * @throws UnreadableLogException if the file is missing, damaged, or no XES log; the traces
   *     before that line have been given
   */
  public void forEachTrace(Consumer<XesTrace> consumer) {
    try (InputStream bytes = open()) {
      XMLStreamReader xml = XML.createXMLStreamReader(bytes);
      try {
        readLog(xml, consumer);
      } catch (XMLStreamException e) {
        throw damaged(e, Math.max(line(xml), 1));
      } finally {
        xml.close();
      }
    } catch (NoSuchFileException e) {
      throw new UnreadableLogException(path, 0, "there is no such file", e);
    } catch (IOException e) {
      throw new UnreadableLogException(path, 0, "cannot be read: " + e.getMessage(), e);
    } catch (XMLStreamException e) {
      throw damaged(e, 1);
    }
  }

  private InputStream open() throws IOException {
    var bytes = new BufferedInputStream(Files.newInputStream(path), BUFFER);
    try {
      bytes.mark(2);
      int magic = bytes.read() << 8 | bytes.read();
      bytes.reset();
      return magic == GZIP_MAGIC ? new GZIPInputStream(bytes, BUFFER) : bytes;
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  private void readLog(XMLStreamReader xml, Consumer<XesTrace> consumer) throws XMLStreamException {
    do {
      if (xml.next() == XMLStreamConstants.DTD) {
        throw refuse(xml, "a document type declaration is not allowed here");
      }
    } while (!xml.isStartElement());
    if (!xml.getLocalName().equals("log")) {
      throw refuse(xml, "<%s> is not the <log> of a XES file".formatted(xml.getLocalName()));
    }
    long traces = 0;
    while (nextChild(xml)) {
      if (xml.getLocalName().equals("trace")) {
        consumer.accept(readTrace(xml));
        traces++;
      } else {
        skip(xml);
      }
    }
    while (xml.hasNext()) {
      xml.next(); // the checksum of a compressed file comes after its last element
    }
    if (traces == 0) {
      throw refuse(xml, "the log has no trace");
    }
  }

  private XesTrace readTrace(XMLStreamReader xml) throws XMLStreamException {
    long line = line(xml);
    String name = null;
    var events = new ArrayList<XesEvent>();
    while (nextChild(xml)) {
      if (xml.getLocalName().equals("event")) {
        events.add(readEvent(xml));
      } else {
        if ("concept:name".equals(xml.getAttributeValue(null, "key"))) {
          name = xml.getAttributeValue(null, "value");
        }
        skip(xml);
      }
    }
    if (name == null || name.isBlank()) {
      throw new UnreadableLogException(path, line, "the trace has no concept:name", null);
    }
    if (events.isEmpty()) {
      throw new UnreadableLogException(path, line, "trace %s has no event".formatted(name), null);
    }
    return new XesTrace(line, name, events);
  }

  private XesEvent readEvent(XMLStreamReader xml) throws XMLStreamException {
    long line = line(xml);
    Map<String, String> attributes = new HashMap<>();
    while (nextChild(xml)) {
      String key = attribute(xml, "key");
      if (attributes.put(key, attribute(xml, "value")) != null) {
        throw refuse(xml, "the event has two attributes %s".formatted(key));
      }
      skip(xml);
    }
    return new XesEvent(line, attributes);
  }

  private String attribute(XMLStreamReader xml, String name) {
    String value = xml.getAttributeValue(null, name);
    if (value == null) {
      throw refuse(xml, "<%s> has no %s".formatted(xml.getLocalName(), name));
    }
    return value;
  }

  /** Moves to the next child element; false at the end of the element that encloses it. */
  private static boolean nextChild(XMLStreamReader xml) throws XMLStreamException {
    while (true) {
      switch (xml.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          return true;
        }
        case XMLStreamConstants.END_ELEMENT -> {
          return false;
        }
        default -> {} // white space and comments
      }
    }
  }

  private static void skip(XMLStreamReader xml) throws XMLStreamException {
    for (int depth = 1; depth > 0; ) {
      switch (xml.next()) {
        case XMLStreamConstants.START_ELEMENT -> depth++;
        case XMLStreamConstants.END_ELEMENT -> depth--;
        default -> {} // white space and comments
      }
    }
  }

  private static long line(XMLStreamReader xml) {
    return xml.getLocation().getLineNumber();
  }

  private UnreadableLogException refuse(XMLStreamReader xml, String reason) {
    return new UnreadableLogException(path, line(xml), reason, null);
  }

  /** Where the parser knows no place, its last one counts. */
  private UnreadableLogException damaged(XMLStreamException e, long reached) {
    Throwable cause = rootOf(e);
    String reason =
        cause instanceof IOException
            ? "the file is cut off or damaged: " + cause.getMessage()
            : "not well-formed XML: " + firstLine(e.getMessage());
    long place = e.getLocation() == null ? 0 : e.getLocation().getLineNumber();
    long line = place > 0 ? place : reached;
    return new UnreadableLogException(path, line, reason, e);
  }

  private static Throwable rootOf(XMLStreamException e) {
    Throwable nested = e.getNestedException() == null ? e.getCause() : e.getNestedException();
    return nested == null ? e : nested;
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "no reason given" : message.lines().findFirst().orElse("");
  }
}
