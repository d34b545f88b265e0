import type { Fault } from '../errors.ts';
import type { Coerce, CoercionRun } from './coercion-run.ts';
import { describeType } from './describe-type.ts';
import type { Discriminator } from './discriminator.ts';
import { isRecord } from './is-record.ts';
import type { Schema, SchemaCheck } from './schema-check.ts';
import { kindOf, ValueKind } from './value-kind.ts';

/** One of the schemas of a union. */
export interface Branch extends SchemaCheck<unknown> {
  readonly schema: Schema;
  readonly coerce: Coerce;
  /** What it can take, as bits of `ValueKind`. */
  readonly kinds: number;
}

/**
 * Coerces a value to one branch of a union: the one that its discriminator names, or else the first that it fits as it
 * is, or else the first that it can be coerced to. Only the faults of the branch in question are told.
 */
export function unionCoercer(branches: readonly Branch[], discriminator: Discriminator | undefined): Coerce {
  return (value, run) => {
    if (discriminator && isRecord(value)) return byDiscriminator(discriminator, branches, value, run);
    const candidates = branches.filter(({ kinds }) => canTake(kinds, value, run));
    const [only] = candidates;
    if (run.explains) return explainUnion(candidates, branches, value, run);
    if (candidates.length === 1 && only) return only.coerce(value, run);
    if (candidates.some(({ check }) => check(value))) return value;
    for (const { coerce, check } of candidates) {
      const coerced = run.attempt(coerce, value);
      if (!Object.is(coerced, value) && check(coerced)) return coerced;
    }
    return value;
  };
}

function byDiscriminator(
  { property, literals, branchOf }: Discriminator,
  branches: readonly Branch[],
  value: Readonly<Record<string, unknown>>,
  run: CoercionRun,
): unknown {
  const found = Object.hasOwn(value, property);
  const index = found ? branchOf(value[property]) : undefined;
  const branch = index === undefined ? undefined : branches[index];
  if (branch === undefined) {
    const known = literals.map((literal) => (typeof literal === 'string' ? `'${literal}'` : String(literal)));
    const message = `${found ? 'must be' : 'is missing; it must be'} one of ${known.join(', ')}`;
    if (run.explains) run.explain([{ path: `/${pointerKey(property)}`, message }]);
    return value;
  }
  return run.explains ? explainBranch(branch, value, run) : branch.coerce(value, run);
}

function explainBranch(branch: Branch, value: unknown, run: CoercionRun): unknown {
  const faults = branch.faults(value);
  if (faults.length === 0) return value;
  run.explain(faults);
  return branch.coerce(value, run);
}

function explainUnion(
  candidates: readonly Branch[],
  branches: readonly Branch[],
  value: unknown,
  run: CoercionRun,
): unknown {
  const [only] = candidates;
  if (only && candidates.length === 1) return explainBranch(only, value, run);
  if (candidates.some(({ check }) => check(value))) return value;
  const types = [...new Set(branches.map(({ schema }) => describeType(schema)))];
  const inner: Fault[] = candidates.flatMap(({ faults }) => faults(value).filter(({ path }) => path !== ''));
  run.explain([{ path: '', message: `must be ${types.join(' or ')}` }, ...inner]);
  return value;
}

function canTake(kinds: number, value: unknown, { ambiguity }: CoercionRun): boolean {
  const kind = kindOf(value);
  if ((kinds & kind) !== 0) return true;
  if (ambiguity.losesLists && (kinds & ValueKind.list) !== 0) return value !== null && value !== undefined;
  if (ambiguity.emptyObjectIs === 'text' && value === '') return (kinds & (ValueKind.list | ValueKind.object)) !== 0;
  if (ambiguity.emptyObjectIs === 'list' && kind === ValueKind.list) return (kinds & ValueKind.object) !== 0;
  // The instance of a class may be made something plain first.
  return kind === ValueKind.object && !isPlain(value as object);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function pointerKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
