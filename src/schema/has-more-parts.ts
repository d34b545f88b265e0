/** Returns whether a value consists of more parts than a limit. A part counts each time that it occurs. */
export function hasMoreParts(value: unknown, limit: number): boolean {
  const open = [value];
  for (let count = 1; open.length > 0; count++) {
    if (count > limit) return true;
    const part = open.pop();
    if (typeof part !== 'object' || part === null) continue;
    const parts = Object.values(part);
    if (parts.length > limit) return true;
    open.push(...parts);
  }
  return false;
}
