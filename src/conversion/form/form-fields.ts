/** Maximum number of fields of a form. Each value of a repeated field counts. */
export const maxFormFields = 10_000;

/** Returns whether a form has too many fields. It counts before decoding, and stops at the limit. */
export function hasTooManyFields(text: string): boolean {
  let count = 1;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) {
    if (++count > maxFormFields) return true;
  }
  return false;
}

/**
 * Reads the fields of a form (URL Standard, section 5.1). It is strict: a text that is no percent-encoding of UTF-8 is
 * refused. A repeated field is a list.
 *
 * @returns undefined at the first text whose percent-encoding is broken
 */
export function readFormFields(text: string): Record<string, string | string[]> | undefined {
  // A field can have the name of a property that every object inherits.
  const fields: Record<string, string | string[]> = Object.create(null);
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  try {
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decoded(equals === -1 ? pair : pair.slice(0, equals));
      const value = equals === -1 ? '' : decoded(pair.slice(equals + 1));
      const earlier = fields[name];
      if (earlier === undefined) fields[name] = value;
      else if (typeof earlier === 'string') fields[name] = [earlier, value];
      else earlier.push(value);
    }
  } catch {
    return undefined;
  }
  return fields;
}

/** @throws URIError for bytes that are not UTF-8 */
function decoded(text: string): string {
  // For a text that consists of plus signs, replacing them takes five times as long.
  const spaced = text.includes('+') ? text.split('+').join(' ') : text;
  return spaced.includes('%') ? decodeURIComponent(spaced) : spaced;
}

/** Writes fields, the items of a list one by one. */
export function writeFormFields(fields: Readonly<Record<string, unknown>>): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const encoded = encodeURIComponent(name);
    for (const item of Array.isArray(value) ? value : [value]) {
      pairs.push(`${encoded}=${encodeURIComponent(String(item))}`);
    }
  }
  return pairs.join('&');
}
