import type jsonata from 'jsonata';
import { type ExpressionContext, type PartName, partNames } from './expression-context.ts';
import { fromExpressionData } from './expression-data.ts';
import { toEvaluationError } from './expression-error.ts';
import { defaultLimits, type ExpressionLimits } from './expression-limits.ts';
import { type ExpressionNode, treeOf } from './expression-node.ts';
import { ExpressionRun } from './expression-run.ts';
import { fieldPathOf, readFieldPath, unsupported } from './field-path.ts';
import { parseJsonata } from './jsonata-internals.ts';
import { registerNativeFunctions } from './native-functions.ts';
import { nativeNames } from './native-names.ts';
import { type RewrittenExpression, rewriteExpression } from './rewrite-expression.ts';
import { assertSpelling } from './spelling.ts';
import { toSyntaxError } from './syntax-error.ts';
import { withWholeParts } from './whole-parts.ts';
import { selectsItems, yieldsSequence } from './yields-sequence.ts';

export interface ExpressionOptions {
  readonly limits?: ExpressionLimits;
  /**
   * True for a result that must be a list. If an expression selects one item, JSONata returns that item, and nothing if
   * it selects none. With this option the results are a list of one and an empty list. Default false.
   */
  readonly keepArray?: boolean;
  /** True if the items of such a list are lists: one row then stays a list of one row. Default: unknown. */
  readonly itemsAreLists?: boolean | undefined;
  /**
   * True for a result that is a key. A part of a composed result that is missing, null or empty is then an error. The
   * result as a whole may be nothing. Default false.
   */
  readonly wholeParts?: boolean;
  /** The parts of the message that exist. An expression that names another one is an error at start. Default all. */
  readonly parts?: readonly PartName[];
}

/** An expression that can be evaluated on any number of messages, also at once. */
export interface CompiledExpression {
  readonly text: string;
  /** The services and configuration variables that it names literally, so that they can be looked up at start. */
  readonly references: readonly string[];
  readonly parameters: readonly string[];
  /**
   * @returns plain data, and objects from services; undefined if there is no result. A promise, unless the expression
   * is a plain path
   * @throws the errors of services, `reference` and `parameter`, unchanged; for everything else a LittoralError that is
   * not retryable, and names the expression but no value of the message
   */
  evaluate(context: ExpressionContext): unknown;
}

/**
 * Compiles an expression: JSONata, with methods of services.
 *
 * @param text the expression, such as `reference('prices').of(payload.sku) * payload.quantity`
 * @throws SyntaxError with the mistake and its position
 */
export function compileExpression(text: string, options: ExpressionOptions = {}): CompiledExpression {
  const limits = { ...defaultLimits, ...options.limits };
  const expression = parse(text, {
    timeout: limits.timeoutMs,
    stack: limits.maxDepth,
    sequence: limits.maxSequenceLength,
  });
  const root = treeOf(expression);
  const fieldPath = fieldPathOf(root);
  const isSequence = yieldsSequence(root);
  if (options.keepArray && isSequence && root.type === 'path') root.keepSingletonArray ||= selectsItems(root);
  const { node, references, parameters, ownMessages } = rewrite(root, text, options);
  replaceNode(root, node);
  registerNativeFunctions(expression);

  async function evaluate(context: ExpressionContext, selects: boolean): Promise<unknown> {
    const run = new ExpressionRun(context, limits);
    const message = run.message();
    try {
      const bindings = { [nativeNames.message]: message, [nativeNames.run]: run };
      const result = await fromExpressionData(await expression.evaluate(message, bindings), run);
      return options.keepArray && selects ? toArray(result, options.itemsAreLists) : result;
    } catch (thrown) {
      throw toEvaluationError({ text, ownMessages }, thrown);
    } finally {
      run.end();
    }
  }

  return {
    text,
    references: [...references],
    parameters: [...parameters],
    evaluate(context) {
      if (!fieldPath) return evaluate(context, isSequence);
      const value = readFieldPath(fieldPath, context);
      if (value === unsupported.list) return evaluate(context, true);
      return value === unsupported.object ? evaluate(context, isSequence) : value;
    },
  };
}

function parse(text: string, options: jsonata.JsonataOptions): jsonata.Expression {
  try {
    return parseJsonata(text, options);
  } catch (error) {
    throw toSyntaxError(text, error);
  }
}

function rewrite(
  root: ExpressionNode,
  text: string,
  { parts = partNames, wholeParts = false }: ExpressionOptions,
): RewrittenExpression {
  try {
    assertSpelling(root, text);
    const copy = { ...root };
    return rewriteExpression(wholeParts ? withWholeParts(copy, text) : copy, { text, parts });
  } catch (error) {
    throw toSyntaxError(text, error);
  }
}

/** Replaces a node in place, because JSONata evaluates the tree by its root, which must stay the same object. */
function replaceNode(node: ExpressionNode, by: ExpressionNode): void {
  for (const key of Object.keys(node)) delete node[key as keyof ExpressionNode];
  Object.assign(node, by);
}

function toArray(result: unknown, itemsAreLists: boolean | undefined): unknown {
  if (result === undefined) return [];
  if (!Array.isArray(result)) return [result];
  const isListOfLists = result.length === 0 || result.some(Array.isArray);
  if (itemsAreLists === true && !isListOfLists) return [result];
  if (itemsAreLists === false && result.length === 1 && Array.isArray(result[0])) return result[0];
  return result;
}
