import Type, { type Static } from 'typebox';
import { validatePattern } from '../message/routing-key.ts';
import { closed, type SameSettings } from './setting-types.ts';

/** The metrics of the gateway. See docs/monitoring.md. */
export interface MetricsConfig {
  /** True to count and to serve `GET /metrics`. Default: true. */
  enabled?: boolean | undefined;
  /**
   * Names of services, routing keys and patterns of keys that get a label value of their own, in addition to those of
   * the handlers and of `routes`. All others are counted as `other`, because callers choose them. Default: none.
   */
  keys?: readonly string[] | undefined;
}

/** Maximum number of configured labels. */
const mostKeys = 500;

/** The schema of `metrics`. */
export const MetricsSchema = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ description: 'True to count and to serve `GET /metrics`. Default: true.' })),
    keys: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: mostKeys,
        description:
          'Names of services, routing keys and patterns of keys that get a label of their own, beside those of the handlers and of `routes`. Default: none.',
      }),
    ),
  },
  closed,
);

true satisfies SameSettings<MetricsConfig, Static<typeof MetricsSchema>>;

/** Validates what the schema cannot express. */
export function validateMetrics({ keys }: MetricsConfig): string[] {
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((key, index) => {
    const issue = typeof key === 'string' ? validatePattern(key) : undefined;
    return issue === undefined ? [] : [`metrics.keys.${index}: ${issue}`];
  });
}
