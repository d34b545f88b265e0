/** Settings for messages for this service that no handler of this process handles. */
export interface UnhandledSettings {
  /** Milliseconds for which a message is deferred, counted from its first delivery without a handler. */
  readonly graceMs: number;
  /** The outcome of an event after that. */
  readonly afterGrace: 'dead-letter' | 'ignore';
  /**
   * The outcome of messages that name one handler (a command, a message for a channel, a retry). `auto` defers them
   * while the queue has other consumers.
   */
  readonly commands: 'auto' | 'defer' | 'dead-letter';
}
