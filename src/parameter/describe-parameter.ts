import { describeType } from '../schema/describe-type.ts';
import { foreignSchema } from '../schema/foreign-schema.ts';
import { isTargetType } from '../schema/target-type.ts';
import type { Expression } from './expression.ts';

/**
 * Describes the source of a parameter for the list of endpoints: `payload as object { personId }`, `header
 * token by "value & '!'"`.
 *
 * @param source the part of the message, such as `payload`
 */
export function describeParameter(source: string, type: unknown, expression: Expression | undefined): string {
  const by = expression === undefined ? '' : ` by ${typeof expression === 'string' ? `"${expression}"` : 'a function'}`;
  // A value that is no type is refused at start; describing it must not fail before.
  const isType = foreignSchema(type) === undefined && isTargetType(type);
  return `${source}${by}${isType ? ` as ${describeType(type)}` : ''}`;
}
