// These functions read text that is known to be JSON, and return parts of it as they were written: a number that a
// sender wrote with more digits than JavaScript keeps stays the same.

/**
 * Returns the text of each value in an object, by the name of its field.
 *
 * @param json an object
 * @param maxMembers the number of fields beyond which the function stops
 * @param onRepeated called with a name that occurs a second time. Must throw, because one of the values would be lost
 * @returns undefined for an object that has more fields
 */
export function jsonMembers(
  json: string,
  maxMembers: number,
  onRepeated: (name: string) => never,
): Map<string, string> | undefined {
  const members = new Map<string, string>();
  let at = skipSpace(json, skipSpace(json, 0) + 1);
  for (let count = 1; json[at] !== '}'; count++) {
    if (count > maxMembers) return undefined;
    const nameEnd = endOfText(json, at);
    const name = JSON.parse(json.slice(at, nameEnd)) as string;
    if (members.has(name)) onRepeated(name);
    const start = skipSpace(json, skipSpace(json, nameEnd) + 1);
    const end = endOfValue(json, start);
    members.set(name, json.slice(start, end));
    at = nextItem(json, end);
  }
  return members;
}

/**
 * Returns the text of each item of a list.
 *
 * @param json a list
 * @param maxItems the function stops after one more than that
 */
export function jsonItems(json: string, maxItems: number): string[] {
  const items: string[] = [];
  let at = skipSpace(json, skipSpace(json, 0) + 1);
  while (json[at] !== ']' && items.length <= maxItems) {
    const end = endOfValue(json, at);
    items.push(json.slice(at, end));
    at = nextItem(json, end);
  }
  return items;
}

/** Returns the position of the next field or item, or of the closing bracket. */
function nextItem(json: string, end: number): number {
  const at = skipSpace(json, end);
  return json[at] === ',' ? skipSpace(json, at + 1) : at;
}

function endOfValue(json: string, start: number): number {
  const first = json[start];
  if (first === '"') return endOfText(json, start);
  if (first === '{' || first === '[') return endOfNested(json, start);
  let at = start;
  while (at < json.length && !/[\s,}\]]/.test(json[at] as string)) at++;
  return at;
}

function endOfNested(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const character = json[at];
    if (character === '"') at = endOfText(json, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
  return json.length;
}

/** @param start the position of the opening quote */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++;
  return at;
}
