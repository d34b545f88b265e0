import type { Random } from './random.ts';

// What must arrive as it was sent: numbers that a double cannot hold or that a careless program would write otherwise,
// times, and text. Bodies and headers carry the same kinds of value, as JSON.

/** The values of one message: in the body, and in headers of its own. */
export interface ExactValues {
  readonly body: Readonly<Record<string, Exact>>;
  readonly headers: Readonly<Record<string, Exact>>;
}

type Exact = string | number | bigint | boolean | null | readonly Exact[];

const headerPrefix = 'exact';
const texts = ['', ' ', 'plain', 'ü€ß', '日本語', '😀', '"\\/', 'line\nline', '007', '1e3', 'null', '0x10', '+5'];

/** Creates the values of one message. */
export function makeExactValues(random: Random): ExactValues {
  const long = () =>
    (random.chance(0.5) ? 1n : -1n) * (2n ** 53n + BigInt(random.between(0, 2 ** 31)) * 4_290_000_000n);
  const decimal = () => random.between(-(10 ** 9), 10 ** 9) / 10 ** random.between(0, 9);
  const scalars = (): Record<string, Exact> => {
    return {
      long: long(),
      decimal: decimal(),
      seconds: 1_700_000_000 + random.between(0, 2 ** 28),
      milliseconds: 1_700_000_000_123 + random.between(0, 2 ** 31),
      time: new Date(1_700_000_000_000 + random.between(0, 2 ** 40)).toISOString(),
      text: random.pick(texts),
      flag: random.chance(0.5),
      small: random.between(-5, 300),
    };
  };
  const body = { ...scalars(), list: [long(), decimal(), random.pick(texts), null], edge: 9_007_199_254_740_991 };
  const headers = Object.fromEntries(Object.entries(scalars()).map(([name, value]) => [headerName(name), value]));
  return { body, headers };
}

/** JSON with all digits, its keys in their order by name. */
export function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${exactJson(each)}`).join(',')}}`;
}

/** Returns the text that the ledger compares: the values that were sent, or that a handler received. */
export function exactDigest(body: unknown, headers: Readonly<Record<string, unknown>>): string {
  const own = Object.entries(headers).filter(([name]) => name.startsWith(headerPrefix));
  return exactJson({ body, headers: Object.fromEntries(own) });
}

/** Returns the same text for a dead letter, whose body is read without a parser. */
export function exactOfDeadLetter(body: Buffer, headers: Readonly<Record<string, unknown>>): string {
  const [, values = ''] = /^\{"exact":(.*?),"filler":"/.exec(body.toString()) ?? [];
  return exactDigest(null, headers).replace('"body":null', () => `"body":${values}`);
}

function headerName(name: string): string {
  return headerPrefix + name.charAt(0).toUpperCase() + name.slice(1);
}
