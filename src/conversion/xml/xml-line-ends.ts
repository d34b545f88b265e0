const version11 = /^<\?xml\s+version\s*=\s*["']1\.1["']/;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const nextLine = 0x85;
const lineSeparator = 0x2028;

/**
 * Replaces each line end by a line feed, as section 2.11 of XML 1.0 and of XML 1.1 says. The parser would do the same
 * with one line end at a time, and `replaceAll` takes ten times as long for a text of line ends.
 */
export function withLineFeeds(text: string): string {
  const isVersion11 = version11.test(text);
  return isVersion11 || text.includes('\r') ? replaced(text, isVersion11) : text;
}

function replaced(text: string, isVersion11: boolean): string {
  const units = Buffer.from(text, 'utf16le');
  let length = 0;
  for (let index = 0; index < units.length; index += 2) {
    const code = codeAt(units, index);
    const isReturn = code === carriageReturn;
    const isLineEnd = isReturn || (isVersion11 && (code === nextLine || code === lineSeparator));
    units[length++] = isLineEnd ? lineFeed : (units[index] as number);
    units[length++] = isLineEnd ? 0 : (units[index + 1] as number);
    const next = isReturn ? codeAt(units, index + 2) : undefined;
    if (next === lineFeed || (isVersion11 && next === nextLine)) index += 2;
  }
  return units.toString('utf16le', 0, length);
}

function codeAt(units: Buffer, index: number): number {
  return (units[index] as number) | ((units[index + 1] as number) << 8);
}
