const maxDepth = 32;

/** Returns a header's value in a form that JSON can express: bytes as base64, and nothing below 32 levels. */
export function jsonValue(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  if (depth === maxDepth) return '…';
  if (Array.isArray(value)) return value.map((item) => jsonValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonValue(inner, depth + 1)]));
}
