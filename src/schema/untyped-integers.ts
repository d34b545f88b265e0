import type { Issue } from '../errors.ts';
import { escapePointer } from '../text/json-pointer.ts';
import { IntegerClaims } from './integer-claims.ts';
import type { Claim } from './node-scope.ts';
import { tooDeep, withinStack } from './schema-check.ts';
import { isPlain } from './value-kind.ts';

/** The treatment of an integer beyond 2^53 whose type is not declared. */
export type UntypedLargeIntegers = 'refuse' | 'bigint' | 'text';

const maxIssues = 50;

/**
 * Applies the setting to the BigInts of a decoded value, except those that its type asks for.
 *
 * @param claim finds those that a type asks for; undefined where there is no type
 * @returns the value, or a copy where something had to change
 * @throws the error that `refuse` makes
 */
export function settleUntyped(
  value: unknown,
  rule: UntypedLargeIntegers,
  claim: Claim | undefined,
  refuse: (issues: readonly Issue[]) => Error,
): unknown {
  if (rule === 'bigint') return value;
  const root = { '': value };
  const claims = new IntegerClaims();
  const settling = new Settling(rule, claims);
  const settled = withinStack(() => {
    claim?.(root, '', claims);
    return settling.settle(root, '');
  }, beyondStack);
  if (settled === beyondStack) throw refuse(tooDeep);
  if (settling.issues.length > 0) throw refuse(settling.issues);
  return settled;
}

const beyondStack = Symbol('beyond the stack');

/** One value that is walked. */
class Settling {
  readonly issues: Issue[] = [];
  readonly #rule: UntypedLargeIntegers;
  readonly #claims: IntegerClaims;
  readonly #path: string[] = [];

  constructor(rule: UntypedLargeIntegers, claims: IntegerClaims) {
    this.#rule = rule;
    this.#claims = claims;
  }

  settle(holder: Readonly<Record<string, unknown>>, key: string): unknown {
    const value = holder[key];
    if (typeof value === 'bigint') return this.#claims.has(holder, key) ? value : this.#untyped(value);
    if (typeof value !== 'object' || value === null || this.issues.length === maxIssues) return value;
    return Array.isArray(value) || isPlain(value) ? this.#within(value as Record<string, unknown>) : value;
  }

  #within(holder: Record<string, unknown>): unknown {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(holder)) {
      this.#path.push(key);
      const settled = this.settle(holder, key);
      this.#path.pop();
      if (Object.is(settled, holder[key])) continue;
      // Both define the fields of the copy, so that `__proto__` is an ordinary field.
      copy ??= (Array.isArray(holder) ? [...holder] : { ...holder }) as Record<string, unknown>;
      copy[key] = settled;
    }
    return copy ?? holder;
  }

  #untyped(value: bigint): unknown {
    if (this.#rule === 'text') return String(value);
    const number = Number(value);
    if (Number.isFinite(number) && BigInt(number) === value) return number;
    if (this.issues.length < maxIssues) this.issues.push({ path: this.#pointer(), message });
    return value;
  }

  #pointer(): string {
    const path = this.#path.map((key) => `/${escapePointer(key)}`).join('');
    return path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path;
  }
}

const maxPathLength = 200;
const message =
  'is an integer beyond 2^53 without a type; give it one, such as Type.BigInt() or Type.String(), or set untypedLargeIntegers';
