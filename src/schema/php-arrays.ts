import type { FormatTraits } from './coercion-context.ts';
import { isRecord } from './is-record.ts';

/**
 * The distinctions that PHP's arrays do not make in any format: an empty one can be meant as an object, and one with
 * gaps, such as `array_filter` leaves, as a list.
 */
export const phpArrays: FormatTraits = { emptyObjectAs: 'list', listsHaveGaps: true };

const place = /^(?:0|[1-9]\d{0,8})$/;

/** Returns the items of a list with gaps, in the order of their keys; undefined for any other value. */
export function itemsBetweenGaps(value: unknown): readonly unknown[] | undefined {
  if (!isRecord(value)) return undefined;
  const keys = Object.keys(value);
  // JavaScript puts such keys into their order by itself.
  return keys.length > 0 && keys.every((key) => place.test(key)) ? keys.map((key) => value[key]) : undefined;
}
