import { shorten } from './shorten.ts';

/** The fields that identify an error. Their values are shown; values of other fields can be a payload. */
const identifying = ['code', 'status', 'statusCode', 'errno', 'syscall', 'type', 'title', 'reason', 'detail'] as const;

const maxFields = 10;
const maxNameLength = 60;

/** Describes a thrown value that is no error and has no message. Reading it can throw. */
export function describeThrownValue(value: object): string {
  if (typeof value === 'function')
    return `a function${value.name === '' ? '' : ` '${shorten(String(value.name), maxNameLength)}'`}`;
  if (Array.isArray(value)) return `a list of ${value.length} values`;
  if (value instanceof Promise) return 'a promise, which nothing awaited';
  const known = identifying.flatMap((name) => {
    const field = (value as Readonly<Record<string, unknown>>)[name];
    const isShown =
      typeof field === 'number' || typeof field === 'boolean' || (typeof field === 'string' && field !== '');
    return isShown ? [`${name} ${shorten(String(field), maxNameLength)}`] : [];
  });
  const names = Object.keys(value);
  const others = names.filter((name) => !(identifying as readonly string[]).includes(name));
  const listed = others
    .slice(0, maxFields)
    .map((name) => shorten(name, maxNameLength))
    .join(', ');
  const fields = others.length === 0 ? [] : [`the fields ${listed}${others.length > maxFields ? ', …' : ''}`];
  const details = [...known, ...fields];
  return `an object without a message${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}
