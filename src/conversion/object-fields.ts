/** How many fields one object may have. Every step takes longer for a field than for an item of a list. */
export const maxObjectFields = 50_000;

/** The fewest bytes of JSON that a field takes: `"":0,`. */
const leastBytes = 5;

/**
 * Returns whether an object with more fields than it may have stands in a value.
 *
 * @param bytes the size of what the value was decoded from
 */
export function holdsLargeObject(value: unknown, bytes: number): boolean {
  // Few values are large enough to be walked through.
  if (bytes <= maxObjectFields * leastBytes) return false;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const fields: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (fields.length > maxObjectFields && !Array.isArray(next)) return true;
    for (const field of fields) if (typeof field === 'object') open.push(field);
  }
  return false;
}
