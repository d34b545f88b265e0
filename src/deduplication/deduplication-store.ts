/**
 * Remembers what handlers have handled. Messages are delivered again after a lost connection, a restart or a repeated
 * request; a copy that the store knows is acknowledged without another call.
 *
 * A store that several processes share makes "once" hold for all of them, as far as it keeps what it is given. Two
 * processes that have copies at the same moment both find nothing and both call their handlers: a store records what is
 * done, it is no lock. Both methods may be called again before an earlier call has ended.
 */
export interface DeduplicationStore {
  /**
   * Whether a key was recorded, and is not forgotten yet. Called once before each call of a handler.
   *
   * @param key names a message, a handler and a service: at most some 1500 characters, well-formed, without NUL. Equal
   * for copies and for nothing else. It can hold what an expression took from a payload, so it belongs in no log
   * @returns true or false. Anything else counts as a failure
   * @throws when it cannot tell: the handler is not called, and the message is tried again as after any failure of a
   * handler that can pass. It should give up within seconds, for the message waits for it
   */
  has(key: string): boolean | PromiseLike<boolean>;
  /**
   * Records a key. Called after the handler has succeeded, and before the message is acknowledged, which waits for it. A
   * key can come again: that is no error, and renews it.
   *
   * @throws when it could not: that is logged as a warning, and the message counts as handled. A copy of it would be
   * handled again
   */
  record(key: string): unknown;
}
