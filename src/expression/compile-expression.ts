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
   * For a result that is to be a list. JSONata makes one item that an expression selects that item, and none of them
   * nothing; with this, they stay a list of one, and an empty one. Default false.
   */
  readonly keepArray?: boolean;
  /** For such a list, whether its items are lists: one row is then a list of it, and else its cells. Default unknown. */
  readonly itemsAreLists?: boolean | undefined;
  /**
   * For a result that is a key. Each part that the expression puts together has to be there: what is missing, null or
   * empty is an error. The whole may be nothing. Default false.
   */
  readonly wholeParts?: boolean;
  /** The parts of the message that there are. To name another one is an error at start. Default all. */
  readonly parts?: readonly PartName[];
}

/** An expression that can be evaluated on any number of messages, also at once. */
export interface CompiledExpression {
  readonly text: string;
  /** The services and the configuration variables that it names as they stand, so that they can be looked for at start. */
  readonly references: readonly string[];
  readonly parameters: readonly string[];
  /**
   * @returns plain data, and objects that services gave; undefined where there is nothing. A promise, unless the
   * expression is a plain path
   * @throws what services, `reference` and `parameter` throw, unchanged; for everything else a LittoralError that is not
   * worth a retry, and names the expression but nothing of the message
   */
  evaluate(context: ExpressionContext): unknown;
}

/**
 * Compiles an expression: JSONata, with methods of services.
 *
 * @param text the expression, such as `reference('prices').of(payload.sku) * payload.quantity`
 * @throws SyntaxError saying what is wrong with it, and where
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
      const result = fromExpressionData(await expression.evaluate(message, bindings), run.budget);
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

/** JSONata evaluates the tree by its root, which has to stay the same object. */
function replaceNode(node: ExpressionNode, by: ExpressionNode): void {
  if (node.type !== by.type) for (const key of Object.keys(node)) delete node[key as keyof ExpressionNode];
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
