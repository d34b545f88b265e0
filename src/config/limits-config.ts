import Type, { type Static } from 'typebox';
import { isRecord } from '../schema/is-record.ts';
import { closed, type SameSettings } from './setting-types.ts';

/**
 * A limit on what callers send. It is a token bucket, which is full at first and gains tokens at its rate. A request
 * takes one token, and so does each entry of a batch or a stream. With the unit `bytes`, they take one token for each
 * byte of their body.
 */
export interface LimitConfig {
  /** Its name in answers: letters, digits, `.`, `_` and `-`. */
  name: string;
  /**
   * The requests that share a bucket. `principal`: those of one caller; without `auth`, of one client address.
   * `destination`: those to one service, or events with one routing key. `all`: all requests.
   */
  per: 'principal' | 'destination' | 'all';
  /** The unit of a token: `requests`, where each message counts as one, or `bytes` of bodies. Default: `requests`. */
  unit?: 'requests' | 'bytes' | undefined;
  /** The number of tokens for each window. */
  rate: number;
  /** The length of a window, in seconds. */
  windowSeconds: number;
  /** The number of tokens that a full bucket holds, and thus the largest batch or body. Default: `rate`. */
  burst?: number | undefined;
}

const Tokens = { minimum: 1, maximum: 1_000_000_000_000 };

/** The schema of `limits`. */
export const LimitsSchema = Type.Array(
  Type.Object(
    {
      name: Type.String({
        pattern: '^[A-Za-z0-9._-]{1,100}$',
        description: 'Its name in answers: letters, digits, ., _ and -.',
      }),
      per: Type.Enum(['principal', 'destination', 'all'], { description: 'Who shares a bucket.' }),
      unit: Type.Optional(Type.Enum(['requests', 'bytes'], { description: 'The meaning of a token.' })),
      rate: Type.Integer({ ...Tokens, description: 'The number of tokens for each window.' }),
      windowSeconds: Type.Integer({ minimum: 1, maximum: 86_400, description: 'The length of a window, in seconds.' }),
      burst: Type.Optional(
        Type.Integer({ ...Tokens, description: 'The number of tokens that a full bucket holds. Default: rate.' }),
      ),
    },
    closed,
  ),
  { maxItems: 20, description: 'Limits on what callers send.' },
);

true satisfies SameSettings<LimitConfig, Static<typeof LimitsSchema>[number]>;

/** Validates what the schema cannot express. It ignores values of a wrong type, which the schema reports. */
export function validateRateLimits(limits: unknown): string[] {
  if (!Array.isArray(limits)) return [];
  const names = new Set<unknown>();
  return limits.filter(isRecord).flatMap(({ name }, index) => {
    if (typeof name !== 'string') return [];
    if (names.has(name)) return [`limits.${index}.name: is the name of an earlier limit as well`];
    names.add(name);
    return [];
  });
}
