import Type, { type Static } from 'typebox';
import { longestDelayMs } from '../message/limits.ts';
import { closed, type SameSettings } from './setting-types.ts';

/**
 * Settings for messages for this service that no handler of this process handles, such as those for another version
 * while a new one is rolled out. Deferred means: published again to the queue of this service alone, after 1 s, then 2
 * s, up to 57 s, until a process handles them.
 */
export interface UnhandledConfig {
  /** Milliseconds for which a message is deferred. 0: not at all. Default: 10 min. */
  graceMs?: number | undefined;
  /** The outcome of an event after that: `dead-letter`, or `ignore`, which acknowledges it. Default: `dead-letter`. */
  then?: 'dead-letter' | 'ignore' | undefined;
  /**
   * The outcome of messages that name one handler: a command, a message for a channel, a retry. `auto` defers them
   * while the queue has other consumers; the only consumer dead-letters them at once. `defer` is for a
   * queue shared with a PHP application, which polls and is therefore not counted. Default: `auto`.
   */
  commands?: 'auto' | 'defer' | 'dead-letter' | undefined;
}

/** The schema of `unhandled`. */
export const UnhandledSchema = Type.Object(
  {
    graceMs: Type.Optional(Type.Integer({ minimum: 0, maximum: longestDelayMs })),
    // biome-ignore lint/suspicious/noThenProperty: the name of a setting, in an object that no code awaits
    then: Type.Optional(Type.Enum(['dead-letter', 'ignore'])),
    commands: Type.Optional(Type.Enum(['auto', 'defer', 'dead-letter'])),
  },
  closed,
);

true satisfies SameSettings<UnhandledConfig, Static<typeof UnhandledSchema>>;
