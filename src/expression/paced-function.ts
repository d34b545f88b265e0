import type { ExpressionRun } from './expression-run.ts';
import { runOf } from './expression-run.ts';
import type { Call, Definition } from './jsonata-internals.ts';

/**
 * Returns a function that waits for the next turn of the event loop if the slice of the evaluation is over. Its
 * arguments may have used up the slice. The time of the function counts.
 */
export function paced(definition: Definition): Definition {
  const { implementation, signature, ...rest } = definition;
  function pacedFunction(this: Call, ...args: unknown[]): unknown {
    const run = runOf(this);
    const pause = run.pause();
    const compute = () => {
      // The check of a list takes as long as most functions on it.
      const checked = signature === undefined ? args : signature.validate(args, this.input);
      const result = Reflect.apply(implementation, this, checked as never[]);
      // A function that returns a promise checks the limits itself. An error here would leave that promise unhandled.
      if (!(result instanceof Promise)) run.budget.checkLimits();
      return result;
    };
    return pause === undefined ? compute() : afterPause(pause, run, compute);
  }
  // JSONata reads the names and the number of the parameters from the source of the function.
  pacedFunction.toString = () => String(implementation);
  Object.defineProperty(pacedFunction, 'length', { value: implementation.length });
  return { ...rest, implementation: pacedFunction };
}

/** Computes once the slice is not over. Others that have waited may have used it up, so nothing may come in between. */
async function afterPause(first: Promise<void>, run: ExpressionRun, compute: () => unknown): Promise<unknown> {
  for (let pause: Promise<void> | undefined = first; pause !== undefined; pause = run.pause()) await pause;
  return compute();
}
