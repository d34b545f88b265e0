/**
 * Stores the keys of handled messages. Messages are delivered again after a lost connection, a restart or a repeated
 * request; a copy whose key is stored is acknowledged without another call.
 *
 * A shared store prevents second calls in all processes that use it, as long as it keeps the keys. Two processes that
 * have copies at the same moment both find no key and both call their handlers: a store records completed work and is
 * no lock. Both methods may be called again before an earlier call has ended.
 */
export interface DeduplicationStore {
  /**
   * Returns whether a key was recorded and has not expired. Called once before each call of a handler.
   *
   * @param key names a message, a handler and a service: at most about 1500 characters, well-formed, without NUL. Only
   * copies have equal keys. The key can contain values of a payload, so it must not be logged
   * @returns true or false. Anything else counts as a failure
   * @throws if the store cannot answer: the handler is not called, and the message is retried as after any temporary
   * failure of a handler. The store should fail within seconds, because the message waits for it
   */
  has(key: string): boolean | PromiseLike<boolean>;
  /**
   * Records a key. Called after the handler has succeeded, and before the message is acknowledged, which waits for it.
   * A key can be recorded again, which is no error and renews it.
   *
   * @throws if the store could not record it: this is logged as a warning, and the message counts as handled. A copy of
   * it would be handled again
   */
  record(key: string): unknown;
}
