import { describe, expect, test } from 'vitest';
import type { Engine, EngineFeatures } from '../../src/engine/engine.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { acknowledgingContract } from './acknowledging-contract.ts';
import { browsingContract } from './browsing-contract.ts';
import { closingContract } from './closing-contract.ts';
import { consumingContract } from './consuming-contract.ts';
import { delayingContract } from './delaying-contract.ts';
import { openHarness } from './engine-fixture.ts';
import { orderingContract } from './ordering-contract.ts';
import { routingContract } from './routing-contract.ts';
import { settlingContract } from './settling-contract.ts';
import { suspendingContract } from './suspending-contract.ts';
import { unroutableContract } from './unroutable-contract.ts';

/** An engine under test, and what the contract must know of its broker. */
export interface EngineHarness {
  /** Started. */
  readonly channel: Engine;
  /** Makes a second engine, started, on the same broker, if that is possible. */
  readonly another?: () => Promise<Engine>;
  /** Returns what waits in a queue, without taking it and without unacknowledged messages. No such queue: nothing. */
  messages(queue: string): Promise<TransportMessage[]>;
  /** Closes every engine that it made, also those that the test has closed. */
  close(): Promise<void>;
}

/**
 * Tests what every engine promises: the port's comments as tests. Each test makes a harness, closes it, and uses names
 * that no other test uses. An engine may deliver one message at a time until the first of a consumer has been settled.
 *
 * @param features those of the engine, which select the groups that run
 */
export function engineContract(name: string, features: EngineFeatures, harness: () => Promise<EngineHarness>): void {
  describe(`${name} keeps the contract of engines:`, () => {
    test('declares its features', async () => {
      const { channel } = await openHarness(harness);
      expect(channel.features).toEqual(features);
    });
    routingContract(harness);
    consumingContract(harness);
    settlingContract(harness);
    suspendingContract(harness, features);
    closingContract(harness);
    if (features.settle === 'each') acknowledgingContract(harness);
    if (features.unroutable === 'reported') unroutableContract(harness);
    if (features.order === 'queue') orderingContract(harness);
    if (features.delays) delayingContract(harness);
    if (features.browse === 'inPlace') browsingContract(harness);
  });
}
