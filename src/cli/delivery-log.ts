import { AsyncLocalStorage } from 'node:async_hooks';
import { type HandlerDefinition, isHandlerDefinition } from '../handler/handler-definition.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import type { AroundDelivery } from '../recovery/around-delivery.ts';

/** One step of a delivery: `arguments` and `handler` of each handler, then `settle`, the rest until the broker knows. */
interface Step {
  readonly step: 'arguments' | 'handler' | 'settle';
  readonly endpointId?: string;
  readonly ms: number;
}

class StopWatch {
  readonly steps: Step[] = [];
  #last = performance.now();

  lap(step: Step['step'], endpointId?: string): void {
    const now = performance.now();
    this.steps.push({ step, ...(endpointId === undefined ? {} : { endpointId }), ms: rounded(now - this.#last) });
    this.#last = now;
  }
}

/** Of the delivery within which a handler is called. */
const stopWatch = new AsyncLocalStorage<StopWatch>();

/**
 * Logs a line for each delivery once it is settled.
 *
 * @param verbosity 0: none, 1: what became of it, 2: its headers as well, 3: how long each step took, where the handlers
 * are `timed`
 */
export function deliveryLog(verbosity: number, logger: Logger): AroundDelivery {
  if (verbosity === 0) return (_delivery, handle) => handle();
  return async ({ message: { headers } }, handle) => {
    const watch = new StopWatch();
    const began = performance.now();
    const settled = await stopWatch.run(watch, handle);
    watch.lap('settle');
    const [messageId, routingKey] = [headers[Header.id], headers[Header.routingKey]];
    const fields = { messageId, routingKey, ms: rounded(performance.now() - began) };
    const more = { ...(verbosity > 1 ? { headers } : {}), ...(verbosity > 2 ? { steps: watch.steps } : {}) };
    logger.info({ ...fields, ...more }, settled.outcome);
    return settled;
  };
}

/** The same handler, which tells the log of its delivery when it begins and ends. */
export function timed(definition: HandlerDefinition): HandlerDefinition {
  // What is no handler is left to the check of the handlers.
  if (!isHandlerDefinition(definition) || typeof definition.handle !== 'function') return definition;
  const { handle, endpointId } = definition;
  return {
    ...definition,
    async handle(...parameters) {
      const watch = stopWatch.getStore();
      watch?.lap('arguments', endpointId);
      try {
        return await handle(...parameters);
      } finally {
        watch?.lap('handler', endpointId);
      }
    },
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
