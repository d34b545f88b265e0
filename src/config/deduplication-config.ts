import Type, { type Static } from 'typebox';
import type { DeduplicationStore } from '../deduplication/deduplication-store.ts';
import { describeValue } from '../text/describe-value.ts';
import { closed, Milliseconds, type SameSettings } from './setting-types.ts';

/**
 * The deduplication of messages: a handler is not called for copies of what it has handled, which arrive after a lost
 * connection, or with a repeated `Idempotency-Key`.
 */
export interface DeduplicationConfig {
  /**
   * Applies to handlers without a `deduplicate` of their own. True: copies are recognised by their message id. False:
   * copies are handled again. Default: true.
   */
  enabled?: boolean | undefined;
  /** Milliseconds for which this process remembers a handled message. Default: 10 min. */
  windowMs?: number | undefined;
  /**
   * Maximum number of entries in its memory: one for each message and handler, about 200 bytes. Beyond it, the oldest
   * entries are dropped before the window ends. Default: 100,000.
   */
  maxEntries?: number | undefined;
  /**
   * A store in place of the memory of this process, so that several processes share it. It has its own window.
   * Default: none.
   */
  store?: DeduplicationStore | undefined;
}

/** The schema of `deduplication`, as far as a schema can express it. */
export const DeduplicationSchema = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean()),
    windowMs: Type.Optional(Milliseconds),
    maxEntries: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    store: Type.Optional(Type.Unknown()),
  },
  closed,
);

true satisfies SameSettings<DeduplicationConfig, Static<typeof DeduplicationSchema>>;

/** Validates what the schema cannot express: the store, and settings that a store replaces. */
export function validateDeduplication(deduplication: DeduplicationConfig): string[] {
  if (deduplication.store === undefined) return [];
  const { has, record } = Object(deduplication.store) as Partial<DeduplicationStore>;
  const issues =
    typeof has === 'function' && typeof record === 'function'
      ? []
      : [
          `deduplication.store: is ${describeValue(deduplication.store)}; give an object with the methods has and record`,
        ];
  const inProcess = (['windowMs', 'maxEntries'] as const).filter((name) => deduplication[name] !== undefined);
  return [
    ...issues,
    ...inProcess.map(
      (name) =>
        `deduplication.${name}: is only for the store in memory, which deduplication.store replaces; leave it out`,
    ),
  ];
}
