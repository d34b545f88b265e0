/** Returns whether a value is an object of named fields, also of a class; false for lists, dates, maps and the like. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]';
}
