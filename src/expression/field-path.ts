import { type ExpressionContext, isPartName, type PartName } from './expression-context.ts';
import { isPlainObject } from './expression-data.ts';
import type { ExpressionNode } from './expression-node.ts';

/** A path of names alone, such as `payload.customer.id`. */
export type FieldPath = readonly [PartName, ...string[]];

/** Values that cannot be read directly: a list on the path, which JSONata maps over, or an object of a class. */
export const unsupported = { list: Symbol('a list'), object: Symbol('an object') } as const;

/** Recognises a path of names in the tree of an expression that has not been rewritten. */
export function fieldPathOf(node: ExpressionNode): FieldPath | undefined {
  if (node.type !== 'path' || node.group || node.keepSingletonArray) return undefined;
  const steps = node.steps ?? [];
  if (!steps.every(isPlainName)) return undefined;
  const [part, ...fields] = steps.map(({ value }) => String(value));
  return isPartName(part) ? [part, ...fields] : undefined;
}

function isPlainName({ type, stages, focus, index }: ExpressionNode): boolean {
  return type === 'name' && !stages && focus === undefined && index === undefined;
}

/** Reads the value that JSONata would return for the path, or returns why it cannot be read directly. */
export function readFieldPath([part, ...fields]: FieldPath, context: ExpressionContext): unknown {
  let value: unknown = context[part];
  for (const field of fields) {
    if (typeof value === 'function') return unsupported.object;
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) return unsupported.list;
    if (!isPlainObject(value)) return unsupported.object;
    if (!Object.hasOwn(value, field)) return undefined;
    value = value[field];
  }
  return typeof value === 'function' ? unsupported.object : value;
}
