import type jsonata from 'jsonata';
import { cloneData } from './expression-data.ts';
import type { ExpressionRun } from './expression-run.ts';
import { type CreateSequence, children, distinct, sort, spread } from './list-functions.ts';
import { nativeNames } from './native-names.ts';

/** Gives an expression the functions that it was rewritten to call, and puts ours in the place of some of JSONata's. */
export function registerNativeFunctions(expression: jsonata.Expression): void {
  expression.registerFunction(nativeNames.reference, function (name: unknown) {
    return limitedRunOf(this).reference(name);
  });
  expression.registerFunction(nativeNames.parameter, function (name: unknown) {
    return limitedRunOf(this).parameter(name);
  });
  expression.registerFunction(nativeNames.call, function (name: string, ...args: unknown[]) {
    return limitedRunOf(this).callMethod(this.input, name, args);
  });
  expression.registerFunction(nativeNames.children, function () {
    return children(this.input, createSequenceOf(this));
  });
  expression.registerFunction('clone', cloneData, '<(oa)-:o>');
  expression.registerFunction(
    'sort',
    function (list: unknown[] | undefined, comesAfter?: (a: unknown, b: unknown) => unknown) {
      return sort(list, comesAfter, () => runOf(this).look());
    },
    '<af?:a>',
  );
  expression.registerFunction(
    'distinct',
    function (list: unknown) {
      return distinct(list, createSequenceOf(this));
    },
    '<x:x>',
  );
  expression.registerFunction(
    'spread',
    function (value: unknown) {
      return spread(value, createSequenceOf(this));
    },
    '<x-:a<o>>',
  );
}

function runOf({ environment }: jsonata.Focus): ExpressionRun {
  return environment.lookup(nativeNames.run);
}

function limitedRunOf(focus: jsonata.Focus): ExpressionRun {
  const run = runOf(focus);
  run.limit(focus.environment);
  return run;
}

function createSequenceOf(focus: jsonata.Focus): CreateSequence {
  return (focus as jsonata.Focus & { createSequence: CreateSequence }).createSequence;
}
