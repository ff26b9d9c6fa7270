package io.refold.projections.reactions;

import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Subscriptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A store that tells of each call of its ports before it is made. */
final class TellingStore {
  private TellingStore() {}

  /** Is told a call; what it throws, the caller gets instead of a reply. */
  interface Told {
    void call(String method, Object[] args) throws Exception;
  }

  static ProjectionStore of(ProjectionStore store, Told told) {
    return (ProjectionStore) telling(ProjectionStore.class, store, told);
  }

  private static Object telling(Class<?> type, Object target, Told told) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (self, method, args) -> {
          told.call(method.getName(), args == null ? new Object[0] : args);
          try {
            Object result = method.invoke(target, args);
            Class<?> port = method.getReturnType();
            boolean wrapped =
                target instanceof ProjectionStore
                    && port.getPackageName().equals(Subscriptions.class.getPackageName());
            return wrapped ? telling(port, result, told) : result;
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }
}
