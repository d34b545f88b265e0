import { isPromiseLike } from '../promise/maybe-promise.ts';
import { BoundedSequences } from './bounded-sequence.ts';
import { EvaluationBudget } from './evaluation-budget.ts';
import type { ExpressionContext, PartName } from './expression-context.ts';
import { fromExpressionData, toExpressionData } from './expression-data.ts';
import { ExpressionError, ForeignError } from './expression-error.ts';
import type { ExpressionLimits } from './expression-limits.ts';
import { beforeStep, type Frame } from './jsonata-internals.ts';
import { nativeNames } from './native-names.ts';
import { findMethod, methodNames, targetOf } from './object-facade.ts';
import { Strands } from './strands.ts';

/**
 * Called after each item of a long function.
 *
 * @param work the work that the item was; 1 for a short one, which is the default
 * @returns a promise to await, if any
 */
export type ItemPauses = (work?: number) => Promise<void> | undefined;

/** The number of short items between two looks at the clock. */
const itemsBetweenPauses = 500;

/** The arguments of a method, the copies of the first ones, and the copy that is being made. */
interface CopiedArguments {
  readonly args: readonly unknown[];
  readonly copies: unknown[];
  readonly copy: Promise<unknown>;
}

/** One evaluation: the values that it reads from its context, its calls, and its budget. */
export class ExpressionRun {
  readonly budget: EvaluationBudget;
  readonly strands = new Strands();
  readonly #context: ExpressionContext;
  readonly #parts = new Map<PartName, unknown>();

  constructor(context: ExpressionContext, limits: Required<ExpressionLimits>) {
    this.#context = context;
    this.budget = new EvaluationBudget(limits);
  }

  /** Returns the object in which the names at the beginning of an expression are looked up. */
  message(): Readonly<Record<PartName, unknown>> {
    const part = (name: PartName) => this.#part(name);
    return {
      get payload() {
        return part('payload');
      },
      get headers() {
        return part('headers');
      },
      get value() {
        return part('value');
      },
      get service() {
        return part('service');
      },
    };
  }

  /**
   * Replaces JSONata's limits, whose timeout also counts the time of services, by those of this evaluation, and yields
   * to the event loop between two steps.
   *
   * @param base the frame of the evaluation
   */
  begin(base: Frame): void {
    base.bind(beforeStep, undefined);
    const sequences = new BoundedSequences(this.budget.maxSequenceLength);
    base.createSequence = sequences.create;
    const breathe = () => this.budget.breathe();
    base.guardrails = () => {
      sequences.beginStep();
      this.budget.assertDepth(base.depth);
      this.budget.checkLimits();
      base.bind(beforeStep, this.budget.isSliceOver ? breathe : undefined);
    };
  }

  /** Ends the remaining branches of the evaluation after one of them has failed. */
  end(): void {
    this.budget.end();
  }

  /** Checks the limits between two steps of a long function. @returns a promise to await, if any */
  pause(): Promise<void> | undefined {
    this.budget.checkLimits();
    return this.budget.isSliceOver ? this.budget.breathe() : undefined;
  }

  /** Ends a slice of copying. Its time does not count, because the copied items do. @returns a promise to await, if any */
  pauseToCopy(): Promise<void> | undefined {
    this.budget.resume();
    return this.budget.isSliceOver ? this.budget.breathe() : undefined;
  }

  /** Returns a function to call after each item of a long function. It checks the limits after some work. */
  itemPauses(): ItemPauses {
    let done = 0;
    return (work = 1) => {
      done += work;
      if (done < itemsBetweenPauses) return undefined;
      done = 0;
      return this.pause();
    };
  }

  reference(name: unknown): unknown {
    if (typeof name !== 'string') throw new ExpressionError('the name of a reference must be a text');
    return this.#elsewhere(() => this.#context.reference(name), `the reference '${name}'`);
  }

  parameter(name: unknown): unknown {
    if (typeof name !== 'string') throw new ExpressionError('the name of a parameter must be a text');
    return this.#elsewhere(() => this.#context.parameter(name), `the parameter '${name}'`);
  }

  /** @param object the value left of the dot */
  callMethod(object: unknown, name: string, args: readonly unknown[]): unknown {
    const target = targetOf(object);
    if (!target) throw new ExpressionError(`it calls ${name}(…) on data, which has no methods`);
    const copies: unknown[] = [];
    for (const arg of args) {
      const copy = fromExpressionData(arg, this);
      if (copy instanceof Promise) return this.#invokeWhenCopied(target, name, { args, copies, copy });
      copies.push(copy);
    }
    return this.#invoke(target, name, copies);
  }

  /** Copies one argument after the other, so that there is one promise whose error has to be handled. */
  async #invokeWhenCopied(target: object, name: string, { args, copies, copy }: CopiedArguments): Promise<unknown> {
    copies.push(await copy);
    for (const arg of args.slice(copies.length)) {
      const next = fromExpressionData(arg, this);
      // A service that has a method `then` is no promise to await.
      copies.push(next instanceof Promise ? await next : next);
    }
    return this.#invoke(target, name, copies);
  }

  #invoke(target: object, name: string, args: readonly unknown[]): unknown {
    return this.#elsewhere(() => {
      const method = findMethod(target, name);
      if (method) return Reflect.apply(method, target, args);
      const names = methodNames(target).join(', ');
      throw new ExpressionError(`the object has no method '${name}'${names === '' ? '' : `; it has ${names}`}`);
    });
  }

  #part(name: PartName): unknown {
    if (!this.#parts.has(name)) {
      this.#parts.set(
        name,
        this.#elsewhere(() => this.#context[name], name),
      );
    }
    return this.#parts.get(name);
  }

  /** Runs code that is not the expression's: its errors pass unchanged, and its time does not count. */
  #elsewhere(code: () => unknown, what?: string): unknown {
    const received = (value: unknown) => {
      this.budget.resume();
      if (typeof value === 'function' && what !== undefined) {
        throw new ExpressionError(`${what} is a function; an expression calls methods of objects`);
      }
      return toExpressionData(value);
    };
    const failed = (error: unknown) => {
      this.budget.resume();
      throw error instanceof ExpressionError ? error : new ForeignError(error);
    };
    this.budget.checkLimits();
    let value: unknown;
    try {
      value = code();
    } catch (error) {
      return failed(error);
    }
    return isPromiseLike(value) ? this.#wait(value).then(received, failed) : received(value);
  }

  /** Waits for a service. Meanwhile, another strand of the evaluation computes. */
  async #wait(promise: PromiseLike<unknown>): Promise<unknown> {
    this.budget.resume();
    this.strands.give();
    const value = await promise;
    const turn = this.strands.take();
    if (turn) await turn;
    else this.budget.resume();
    return value;
  }
}

/** Returns the evaluation in which a function is called. */
export function runOf({ environment }: { readonly environment: Pick<Frame, 'lookup'> }): ExpressionRun {
  return environment.lookup(nativeNames.run);
}
