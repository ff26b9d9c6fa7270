package io.refold.eventstore;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a record component as personal data: it is stored encrypted, under a key of the person it
 * is about, so that it can be {@linkplain Forgetting forgotten} although events never change.
 *
 * <p>It works on components of events and of records nested in them, in lists and map values, too.
 * The whole component is encrypted, whatever its type, with AES-256-GCM and a nonce of its own, and
 * bound to its stream: copied to another one it cannot be read. What was stored before the
 * component was marked is read as it is. On records that no event contains the mark has no effect.
 *
 * <p>An encrypted component takes 54 bytes more than its JSON, and a third of that JSON again; 9
 * bytes and the subject's id more where the subject is not the stream. Names of components and the
 * length of what they hold stay visible.
 *
 * <p>Only what is marked can be forgotten. Ids of streams and of subjects, keys of rows,
 * {@linkplain UniqueValues unique values}, command ids and metadata are stored in clear and stay:
 * they should be random, not names or addresses.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.RECORD_COMPONENT, ElementType.FIELD, ElementType.PARAMETER})
public @interface PersonalData {
  /** Says that a forgotten component becomes null. */
  String NULL = "\0";

  /**
   * The component of the same record that holds the id of the subject, the person whom the data is
   * about: the text that its {@code toString} gives. By default the subject is the stream's id.
   */
  String subject() default "";

  /**
   * What the component becomes when its subject has been forgotten: for text that text, for all
   * else JSON. The default is null; a primitive component needs another. The record's constructor
   * must accept it.
   */
  String replacement() default NULL;
}
