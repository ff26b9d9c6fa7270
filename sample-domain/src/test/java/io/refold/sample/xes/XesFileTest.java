package io.refold.sample.xes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XesFileTest {
  private static final String LOG =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <log xes.version="1.0" xmlns="http://www.xes-standard.org/">
        <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
        <string key="concept:name" value="a log"/>
        <int key="events" value="3"><int key="Payment" value="1"/></int>
        <trace>
          <string key="concept:name" value="A1"/>
          <event>
            <string key="concept:name" value="one"><string key="concept:name" value="nested"/></string>
            <float key="amount" value="35.0"/>
          </event>
          <event><string key="concept:name" value="two"/></event>
        </trace>
        <trace>
          <string key="concept:name" value="A2"/>
          <event><string key="concept:name" value="three"/></event>
        </trace>
      </log>
      """;

  @TempDir Path directory;

  @Test
  void tracesComeInOrderWithTheirEvents() {
    assertThat(read(plain(LOG)))
        .containsExactly(
            new XesTrace(
                6,
                "A1",
                List.of(
                    new XesEvent(8, Map.of("concept:name", "one", "amount", "35.0")),
                    new XesEvent(12, Map.of("concept:name", "two")))),
            new XesTrace(14, "A2", List.of(new XesEvent(16, Map.of("concept:name", "three")))));
  }

  @Test
  void aCompressedFileIsReadTheSameWay() {
    assertThat(read(file(gzip(LOG)))).isEqualTo(read(plain(LOG)));
  }

  @Test
  void aMissingFileIsNamed() {
    assertRefused(directory.resolve("nothing.xes"))
        .hasMessageContaining("nothing.xes: there is no");
  }

  @Test
  void aTruncatedCompressedFileIsDamagedAndTheLineIsNamed() {
    byte[] whole = gzip(LOG);
    assertRefused(file(Arrays.copyOf(whole, whole.length - 12)))
        .hasMessageContaining(", line ")
        .hasMessageContaining("cut off or damaged");
  }

  @Test
  void aWrongChecksumIsDamage() {
    byte[] whole = gzip(LOG);
    whole[whole.length - 6] ^= 1;
    assertRefused(file(whole)).hasMessageContaining("cut off or damaged");
  }

  @Test
  void aTruncatedPlainFileIsNotWellFormedAndTheLineIsNamed() {
    assertRefused(plain(LOG.substring(0, LOG.indexOf("two"))))
        .hasMessageContaining("line 12")
        .hasMessageContaining("not well-formed");
  }

  @Test
  void whatCameBeforeTheDamageIsGiven() {
    var traces = new ArrayList<XesTrace>();
    Path file = plain(LOG.substring(0, LOG.indexOf("three")));

    assertThatThrownBy(() -> new XesFile(file).forEachTrace(traces::add))
        .isInstanceOf(UnreadableLogException.class);

    assertThat(traces).extracting(XesTrace::name).containsExactly("A1");
  }

  @Test
  void anEmptyFileIsRefused() {
    assertRefused(plain("")).hasMessageContaining("not well-formed");
  }

  @Test
  void anotherKindOfXmlIsForeign() {
    assertRefused(plain("<html><body/></html>")).hasMessageContaining("<html> is not the <log>");
  }

  @Test
  void textIsForeign() {
    assertRefused(plain("name,amount\nA1,35\n")).hasMessageContaining("line 1");
  }

  @Test
  void aLogWithoutTracesIsRefused() {
    assertRefused(plain("<log/>")).hasMessageContaining("no trace");
  }

  @Test
  void aTraceWithoutNameIsRefused() {
    assertRefused(plain(LOG.replace("<string key=\"concept:name\" value=\"A2\"/>", "")))
        .hasMessageContaining("line 14: the trace has no concept:name");
  }

  @Test
  void aTraceWithoutEventsIsRefused() {
    assertRefused(plain("<log><trace><string key='concept:name' value='A1'/></trace></log>"))
        .hasMessageContaining("trace A1 has no event");
  }

  @Test
  void anAttributeWithoutKeyOrValueIsRefused() {
    assertRefused(plain(LOG.replace("key=\"amount\" ", "")))
        .hasMessageContaining("line 10: <float> has no key");
    assertRefused(plain(LOG.replace("value=\"35.0\"", "")))
        .hasMessageContaining("line 10: <float> has no value");
  }

  @Test
  void anAttributeGivenTwiceIsRefused() {
    assertRefused(plain(LOG.replace("<float key=\"amount\"", "<float key=\"concept:name\"")))
        .hasMessageContaining("line 10: the event has two attributes concept:name");
  }

  @Test
  void aDocumentTypeIsRefusedBeforeAnythingOfItIsRead() {
    String bomb =
        """
        <!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/hostname">]>
        <log><trace><string key="concept:name" value="&a;"/></trace></log>
        """;
    assertRefused(plain(bomb)).hasMessageContaining("document type declaration");
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path file) {
    return assertThatThrownBy(() -> read(file)).isInstanceOf(UnreadableLogException.class);
  }

  private static List<XesTrace> read(Path file) {
    var traces = new ArrayList<XesTrace>();
    new XesFile(file).forEachTrace(traces::add);
    return traces;
  }

  private Path plain(String text) {
    return file(text.getBytes(StandardCharsets.UTF_8));
  }

  private Path file(byte[] bytes) {
    try {
      return Files.write(Files.createTempFile(directory, "log", ".xes"), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] gzip(String text) {
    var bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
