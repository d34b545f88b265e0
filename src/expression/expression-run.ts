import type jsonata from 'jsonata';
import { isThenable } from '../is-thenable.ts';
import type { ExpressionContext, PartName } from './expression-context.ts';
import { fromExpressionData, toExpressionData } from './expression-data.ts';
import { ExpressionFault, ThrownElsewhere } from './expression-error.ts';
import type { ExpressionLimits } from './expression-limits.ts';
import { findMethod, methodNames, targetOf } from './object-facade.ts';

interface RunOptions {
  readonly limits: Required<ExpressionLimits>;
  /** Whether JSONata gets copies of all data. */
  readonly copy: boolean;
}

/** JSONata's own state of one evaluation. It calls `guardrails` before every step. */
interface Evaluation {
  readonly depth: number;
  guardrails(): void;
}

/** One evaluation: what it reads of its context, whom it calls, and how long it has computed. */
export class ExpressionRun {
  readonly #context: ExpressionContext;
  readonly #options: RunOptions;
  readonly #parts = new Map<PartName, unknown>();
  #computedMs = 0;
  #lookedAtMs = performance.now();
  #limited = false;
  #over = false;

  constructor(context: ExpressionContext, options: RunOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** What names at the beginning of an expression are looked up in. */
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
   * Puts the limits of this evaluation in the place of JSONata's, whose timeout counts the time of services as well. They
   * are the same until the first service is called.
   */
  limit(environment: jsonata.Environment): void {
    if (this.#limited) return;
    this.#limited = true;
    const { base } = environment as jsonata.Environment & { base: Evaluation };
    base.guardrails = () => this.#guard(base.depth);
  }

  /** Throws where the evaluation has computed for too long, or where another of its branches has failed already. */
  look(): void {
    const { timeoutMs } = this.#options.limits;
    const now = performance.now();
    // No more than a part of the limit at a time: a machine that stalls must not end a message.
    this.#computedMs += Math.min(now - this.#lookedAtMs, timeoutMs / 4);
    this.#lookedAtMs = now;
    if (this.#computedMs > timeoutMs || this.#over) throw { code: 'D1012' };
  }

  /** Ends whatever is left of the evaluation: branches beside one that failed. */
  end(): void {
    this.#over = true;
  }

  reference(name: unknown): unknown {
    if (typeof name !== 'string') throw new ExpressionFault('the name of a reference must be a text');
    return this.#elsewhere(() => this.#context.reference(name), `the reference '${name}'`);
  }

  parameter(name: unknown): unknown {
    if (typeof name !== 'string') throw new ExpressionFault('the name of a parameter must be a text');
    return this.#elsewhere(() => this.#context.parameter(name), `the parameter '${name}'`);
  }

  /** @param object what stands left of the dot */
  callMethod(object: unknown, name: string, args: readonly unknown[]): unknown {
    const target = targetOf(object);
    if (!target) throw new ExpressionFault(`it calls ${name}(…) on data, which has no methods`);
    const values = args.map(fromExpressionData);
    return this.#elsewhere(() => {
      const method = findMethod(target, name);
      if (method) return Reflect.apply(method, target, values);
      const names = methodNames(target).join(', ');
      throw new ExpressionFault(`the object has no method '${name}'${names === '' ? '' : `; it has ${names}`}`);
    });
  }

  #guard(depth: number): void {
    if (depth > this.#options.limits.maxDepth) throw { code: 'D1011' };
    this.look();
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
    const { copy } = this.#options;
    const received = (value: unknown) => {
      this.#lookedAtMs = performance.now();
      if (typeof value === 'function' && what !== undefined) {
        throw new ExpressionFault(`${what} is a function; an expression calls methods of objects`);
      }
      return toExpressionData(value, copy);
    };
    const failed = (error: unknown) => {
      this.#lookedAtMs = performance.now();
      throw error instanceof ExpressionFault ? error : new ThrownElsewhere(error);
    };
    this.look();
    let value: unknown;
    try {
      value = code();
    } catch (error) {
      return failed(error);
    }
    return isThenable(value) ? Promise.resolve(value).then(received, failed) : received(value);
  }
}
