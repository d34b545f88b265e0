import { isLittoralError, LittoralError } from '../errors.ts';
import { isRecord } from '../schema/is-record.ts';
import type { TypeConversions } from './type-conversions.ts';

/**
 * Replaces all instances in a value by the results of the type converters from their classes, so that it can be
 * written. The value itself is not changed, and is returned if it contains no instances.
 *
 * @param what the beginning of the error text, such as `The payload cannot be written as text/plain`
 * @throws LittoralError `not-convertible` when a converter fails, or the value holds itself, is nested too deeply, or
 * cannot be read
 */
export function toPlain(value: unknown, conversions: TypeConversions, what: string): unknown {
  try {
    return plainOf(value, conversions);
  } catch (cause) {
    if (isLittoralError(cause)) throw cause;
    throw new LittoralError('not-convertible', `${what}: it holds a cycle, is nested too deeply, or cannot be read.`, {
      cause,
    });
  }
}

function plainOf(value: unknown, conversions: TypeConversions): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (conversions.hasPlain(value)) return plainOf(conversions.write(value), conversions);
  if (Array.isArray(value)) return plainList(value, conversions);
  if (value instanceof Uint8Array || !isRecord(value)) return value;
  // `toJSON` of a value decides how it is written. Its result can contain instances.
  return typeof value.toJSON === 'function' ? plainJson(value, conversions) : plainFields(value, conversions);
}

function plainFields(value: Readonly<Record<string, unknown>>, conversions: TypeConversions): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const [name, field] of Object.entries(value)) {
    const plain = plainOf(field, conversions);
    if (Object.is(plain, field)) continue;
    copy ??= { ...value };
    copy[name] = plain;
  }
  return copy ?? value;
}

function plainJson(value: Readonly<Record<string, unknown>>, conversions: TypeConversions): unknown {
  const json = (value as { toJSON(): unknown }).toJSON();
  return json === value ? plainFields(value, conversions) : plainOf(json, conversions);
}

function plainList(list: readonly unknown[], conversions: TypeConversions): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const plain = plainOf(list[index], conversions);
    if (Object.is(plain, list[index])) continue;
    copy ??= [...list];
    copy[index] = plain;
  }
  return copy ?? list;
}
