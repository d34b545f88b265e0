import { AsyncLocalStorage } from 'node:async_hooks';
import type { DeliveryStage } from '../endpoint/service-endpoint.ts';
import { type HandlerDefinition, isHandlerDefinition } from '../handler/handler-definition.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';

/**
 * One step of a delivery: `arguments` and `handler` for each handler, then `settle`, which ends when the delivery is
 * settled.
 */
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

/** The stop watch of the delivery for which a handler is called. */
const stopWatch = new AsyncLocalStorage<StopWatch>();

/**
 * Creates the stage that logs one line for each settled delivery.
 *
 * @param verbosity 1 logs the outcome, 2 also the headers, 3 also the duration of each step if the handlers are `timed`
 */
export function deliveryLog(verbosity: number, logger: Logger): DeliveryStage {
  return async (delivery, next) => {
    const { headers } = delivery.message;
    const watch = new StopWatch();
    const began = performance.now();
    const settled = await stopWatch.run(watch, next, delivery);
    watch.lap('settle');
    const [messageId, routingKey] = [headers[Header.id], headers[Header.routingKey]];
    const fields = { messageId, routingKey, ms: rounded(performance.now() - began) };
    const more = { ...(verbosity > 1 ? { headers } : {}), ...(verbosity > 2 ? { steps: watch.steps } : {}) };
    logger.info({ ...fields, ...more }, settled.outcome);
    return settled;
  };
}

/** Wraps a handler so that it measures the time of its arguments and of its call for the log. */
export function timed(definition: HandlerDefinition): HandlerDefinition {
  // The check of the handlers reports other values.
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
