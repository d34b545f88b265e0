import type { KeywordRefinement } from './refinement.ts';

type Numeric = number | bigint;

interface Limit {
  readonly fits: (value: Numeric, limit: bigint) => boolean;
  readonly description: string;
}

const limits: Readonly<Record<string, Limit>> = {
  minimum: { fits: (value, limit) => value >= limit, description: '>=' },
  maximum: { fits: (value, limit) => value <= limit, description: '<=' },
  exclusiveMinimum: { fits: (value, limit) => value > limit, description: '>' },
  exclusiveMaximum: { fits: (value, limit) => value < limit, description: '<' },
  multipleOf: { fits: isMultiple, description: 'multiple of' },
};

/**
 * Returns refinements for the limits of a schema that are BigInts. TypeBox's generated code would round them, and its
 * interpreter takes a hundred times as long for the whole value.
 */
export function refineBigInts(schema: object): KeywordRefinement[] {
  return Object.entries(limits).flatMap(([keyword, { fits, description }]) => {
    const limit = (schema as Readonly<Record<string, unknown>>)[keyword];
    if (typeof limit !== 'bigint') return [];
    const check = (value: unknown) => !isNumeric(value) || fits(value, limit);
    return [{ keyword, check, error: () => `must be ${description} ${limit}` }];
  });
}

function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'bigint' || Number.isFinite(value);
}

function isMultiple(value: Numeric, divisor: bigint): boolean {
  if (typeof value === 'number' && !Number.isInteger(value)) return false;
  return divisor !== 0n && BigInt(value) % divisor === 0n;
}
