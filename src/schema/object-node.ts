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

  function unnamed(name: string): readonly SchemaNode[] {
    // This is the case of a record, which can have a hundred thousand fields.
    if (pattern) return pattern === everyKey || pattern.test(name) ? single : none;
    const matching = patterns.filter(([pattern]) => pattern.test(name)).map(([, node]) => node);
    return matching.length === 0 && others && !names.has(name) ? [others] : matching;
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
    for (const name of names) {
      for (const { coerce } of unnamed(name)) {
        if (coerce) fields = withField(fields, name, coerce(fields[name], context), value);
      }
    }
    return fields;
  };

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

function isEmpty(value: unknown, as: 'text' | 'list'): boolean {
  return as === 'text' ? value === '' : Array.isArray(value) && value.length === 0;
}
