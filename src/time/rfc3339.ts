// RFC 3339 has years of four digits.
const firstMs = Date.parse('0000-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Writes a time as RFC 3339 in UTC, without a fraction where there is none.
 *
 * @param milliseconds since 1970
 * @returns undefined for a time that RFC 3339 cannot express
 */
export function toRfc3339(milliseconds: number): string | undefined {
  if (!(milliseconds >= firstMs && milliseconds <= lastMs)) return undefined;
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}
