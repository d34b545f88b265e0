/** An object of named fields, class instances among them: no list, date, map or other thing of its own kind. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]';
}
