import { isRecord } from '../schema/is-record.ts';
import type { ResolvedConfig } from './resolve.ts';

/** The sections whose settings are compared one by one. */
const sections = ['broker', 'http', 'application', 'retries', 'unhandled', 'deduplication'];

/**
 * Returns the paths of the settings that differ, without their values, which can be secrets. Two functions of one name
 * count as the same: the text of a function depends on how its file was loaded.
 */
export function changedSettings(one: ResolvedConfig, other: ResolvedConfig): string[] {
  return differences('', one, other).sort();
}

function differences(prefix: string, one: object, other: object): string[] {
  const [before, after] = [one, other] as Readonly<Record<string, unknown>>[] as [Settings, Settings];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (prefix === '' && sections.includes(name) && isRecord(was) && isRecord(is)) {
      return differences(`${name}.`, was, is);
    }
    return fingerprint(was) === fingerprint(is) ? [] : [`${prefix}${name}`];
  });
}

type Settings = Readonly<Record<string, unknown>>;

/** Returns a text that is the same for equal settings. Settings can contain functions, instances and cycles. */
function fingerprint(value: unknown, above: readonly object[] = []): string {
  if (typeof value === 'function') return `function ${value.name} ${value.length}`;
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
  if (above.includes(value)) return `cycle ${above.indexOf(value)}`;
  const path = [...above, value];
  if (value instanceof RegExp || value instanceof Date) return `${value.constructor.name} ${String(value)}`;
  if (value instanceof Map || value instanceof Set) return fingerprint([value.constructor.name, ...value], path);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const kind = Array.isArray(value) ? 'list' : (Object.getPrototypeOf(value)?.constructor?.name ?? 'object');
  return `${kind} ${JSON.stringify(entries.map(([key, inner]) => [key, fingerprint(inner, path)]))}`;
}
