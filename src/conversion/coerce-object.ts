import type { Coerce } from './coercion-run.ts';
import { isRecord } from './is-record.ts';

export interface ObjectCoercers {
  readonly properties: readonly (readonly [name: string, coerce: Coerce])[];
  readonly patterns: readonly (readonly [pattern: RegExp, coerce: Coerce])[];
  /** Of what is named by neither. */
  readonly others: Coerce | undefined;
  readonly names: ReadonlySet<string>;
}

/** Coerces the fields of an object. */
export function objectCoercer({ properties, patterns, others, names }: ObjectCoercers): Coerce {
  const byName: Coerce = (value, run) => {
    let fields = value as Readonly<Record<string, unknown>>;
    for (const [name, coerce] of properties) {
      if (Object.hasOwn(fields, name)) fields = withField(fields, name, run.within(name, coerce, fields[name]), value);
    }
    return fields;
  };
  const byPattern: Coerce = (value, run) => {
    let fields = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(fields)) {
      const matching = patterns.filter(([pattern]) => pattern.test(name)).map(([, coerce]) => coerce);
      if (matching.length === 0 && others && !names.has(name)) matching.push(others);
      for (const coerce of matching) {
        fields = withField(fields, name, run.within(name, coerce, fields[name]), value);
      }
    }
    return fields;
  };
  const hasPatterns = patterns.length > 0 || others !== undefined;
  return (value, run) => {
    const { emptyObjectIs } = run.ambiguity;
    if (emptyObjectIs && isEmpty(value, emptyObjectIs)) return {};
    if (!isRecord(value)) return value;
    const named = byName(value, run);
    // What was changed has been copied already; another copy does no harm.
    return hasPatterns ? byPattern(named, run) : named;
  };
}

/** The object with another value in one of its own fields, in a copy that is made at the first change. */
function withField(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  field: unknown,
  original: unknown,
): Readonly<Record<string, unknown>> {
  if (Object.is(fields[name], field)) return fields;
  // Spreading defines fields: one that is called `__proto__` stays a field, in the copy as in what is assigned to it.
  const copy: Record<string, unknown> = fields === original ? { ...fields } : fields;
  copy[name] = field;
  return copy;
}

function isEmpty(value: unknown, as: 'text' | 'list'): boolean {
  return as === 'text' ? value === '' : Array.isArray(value) && value.length === 0;
}
