import { describeType } from '../schema/describe-type.ts';
import { foreignSchema } from '../schema/foreign-schema.ts';
import { isTargetType } from '../schema/target-type.ts';
import type { Expression } from './expression.ts';

/**
 * What a parameter is computed from, in words, for the list of endpoints: `payload as object { personId }`, `header
 * token by "value & '!'"`.
 *
 * @param source what it stands for
 */
export function describeParameter(source: string, type: unknown, expression: Expression | undefined): string {
  const by = expression === undefined ? '' : ` by ${typeof expression === 'string' ? `"${expression}"` : 'a function'}`;
  // What is no type is refused at start, and must not fail before.
  const isType = foreignSchema(type) === undefined && isTargetType(type);
  return `${source}${by}${isType ? ` as ${describeType(type)}` : ''}`;
}
