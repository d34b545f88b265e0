import { describe } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { acknowledgingContract } from './acknowledging-contract.ts';
import { browsingContract } from './browsing-contract.ts';
import { closingContract } from './closing-contract.ts';
import { consumingContract } from './consuming-contract.ts';
import { delayingContract } from './delaying-contract.ts';
import { routingContract } from './routing-contract.ts';
import { settlingContract } from './settling-contract.ts';

/** A channel under test and what the contract must know of its broker. */
export interface EngineHarness {
  /** Started. */
  readonly channel: Engine;
  /** Makes a second channel, started, on the same broker, where the kind of channel has that. */
  readonly another?: () => Promise<Engine>;
  /** What waits in the queue, without taking it and without what consumers have in hand. No such queue: nothing. */
  messages(queue: string): Promise<TransportMessage[]>;
  /** Closes every channel that it made, also those that the test has closed. */
  close(): Promise<void>;
}

/**
 * What every channel promises: the port's comments as tests. Each test makes a harness, closes it, and uses names that
 * no other test uses. A channel may deliver one message at a time until the first of a consumer has been settled.
 */
export function engineContract(name: string, harness: () => Promise<EngineHarness>): void {
  describe(`${name} keeps the contract of channels:`, () => {
    routingContract(harness);
    consumingContract(harness);
    settlingContract(harness);
    acknowledgingContract(harness);
    delayingContract(harness);
    browsingContract(harness);
    closingContract(harness);
  });
}
