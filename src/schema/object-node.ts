import type { CoercionContext } from './coercion-context.ts';
import { isRecord } from './is-record.ts';
import { type Claim, type Coerce, claimAll, type Explain, type SchemaNode, valueAt } from './node-scope.ts';
import { everyKey, maxKeyTests } from './safe-patterns.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface FieldNodes {
  readonly properties: readonly (readonly [name: string, node: SchemaNode])[];
  readonly patterns: readonly (readonly [pattern: RegExp, node: SchemaNode])[];
  /** The node of all other fields. */
  readonly others: SchemaNode | undefined;
}

const none: readonly SchemaNode[] = [];

/** The fields of an object. */
export function objectNode(nodes: FieldNodes): SchemaNode {
  const { properties, patterns, others } = nodes;
  const names = new Set(properties.map(([name]) => name));
  const hasOthers = patterns.length > 0 || others !== undefined;

  const [[pattern, node] = []] = patterns.length === 1 && others === undefined ? patterns : [];
  const single = node === undefined ? none : [node];
  const otherNodes = others === undefined ? none : [others];

  function unnamed(name: string): readonly SchemaNode[] {
    // This is the case of a record, which can have a hundred thousand fields.
    if (pattern) return pattern === everyKey || pattern.test(name) ? single : none;
    if (patterns.length === 0) return names.has(name) ? none : otherNodes;
    const matching = patterns.filter(([pattern]) => pattern.test(name)).map(([, node]) => node);
    return matching.length === 0 && !names.has(name) ? otherNodes : matching;
  }

  const coerce: Coerce = (value, context) => {
    const { emptyObjectAs } = context.traits;
    if (emptyObjectAs && isEmpty(value, emptyObjectAs)) return {};
    if (!isRecord(value)) return value;
    let fields: Fields = value;
    for (const [name, { coerce }] of properties) {
      if (coerce && Object.hasOwn(value, name)) {
        fields = withField(fields, name, coerce(fields[name], context), value);
      }
    }
    if (!hasOthers) return fields;
    const names = Object.keys(value);
    // The check refuses the object.
    if (names.length * patterns.length > maxKeyTests) return fields;
    return coerceEach(fields, names, context);
  };

  function coerceEach(fields: Fields, names: readonly string[], context: CoercionContext): Fields {
    let copy: Record<string, unknown> | undefined;
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      let field = fields[name];
      for (const { coerce } of unnamed(name)) if (coerce) field = coerce(field, context);
      if (copy === undefined) {
        if (Object.is(field, fields[name])) continue;
        copy = copyUpTo(index, names, fields);
      }
      setField(copy, name, field);
    }
    return copy ?? fields;
  }

  const explain: Explain = (value, collector) => {
    if (!isRecord(value)) return;
    for (const [name, node] of properties) {
      // `required` reports absent fields. Undefined counts as absent where the field is not required.
      if (Object.hasOwn(value, name) && value[name] !== undefined) collector.descend(name, node.explain, value[name]);
    }
    if (!hasOthers) return;
    for (const name of Object.keys(value)) {
      if (collector.isFull) return;
      for (const node of unnamed(name)) collector.descend(name, node.explain, value[name]);
    }
  };

  const claim: Claim = (holder, key, claims) => {
    const value = valueAt(holder, key);
    if (!isRecord(value)) return;
    for (const [name, { claim }] of properties) if (claim && Object.hasOwn(value, name)) claim(value, name, claims);
    if (!hasOthers) return;
    for (const name of Object.keys(value)) claimAll(unnamed(name))?.(value, name, claims);
  };

  const claiming = claimAll([...properties, ...patterns].map(([, node]) => node).concat(others ?? []));
  return { coerce, explain, claim: claiming && claim };
}

/** Sets one of an object's own fields, in a copy that the first change makes. */
function withField(fields: Fields, name: string, field: unknown, original: Fields): Fields {
  if (Object.is(fields[name], field)) return fields;
  // Spreading defines fields: one that is called `__proto__` stays a field, in the copy as in what is assigned to it.
  const copy: Record<string, unknown> = fields === original ? { ...fields } : fields;
  copy[name] = field;
  return copy;
}

/** The number of fields from which on spreading an object takes longer than to copy its fields. */
const manyFields = 1_000;

/** Copies at least the fields before an index. */
function copyUpTo(index: number, names: readonly string[], fields: Fields): Record<string, unknown> {
  if (names.length < manyFields) return { ...fields };
  const copy: Record<string, unknown> = {};
  for (const name of names.slice(0, index)) setField(copy, name, fields[name]);
  return copy;
}

/** Sets a field, also one that is called `__proto__`. */
function setField(fields: Record<string, unknown>, name: string, field: unknown): void {
  if (name !== '__proto__') fields[name] = field;
  else Object.defineProperty(fields, name, { value: field, configurable: true, enumerable: true, writable: true });
}

function isEmpty(value: unknown, as: 'text' | 'list'): boolean {
  return as === 'text' ? value === '' : Array.isArray(value) && value.length === 0;
}
