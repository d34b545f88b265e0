import { TurnoverMap } from '../../collection/turnover-map.ts';
import type { CallGate } from '../../handler/call-gate.ts';
import type { Message } from '../../message/message.ts';
import type { PullQueue } from './pull-queue.ts';
import type { WaitingPull } from './waiting-pull.ts';

/** The gate of an endpoint whose messages are pulled: it lets a message in when a pull has room for it. */
export class PullGate implements CallGate {
  readonly holdMs: number;
  readonly demand: PullQueue;
  readonly #endpointId: string;
  /** The pulls with a place for a message whose call has entered and not brought it yet. */
  readonly #places = new TurnoverMap<Message, WaitingPull>();

  constructor(endpointId: string, demand: PullQueue, holdMs: number) {
    this.#endpointId = endpointId;
    this.demand = demand;
    this.holdMs = holdMs;
  }

  get state(): CallGate['state'] {
    return this.demand.hasRoomFor(this.#endpointId) ? 'open' : 'closed';
  }

  get reason(): string | undefined {
    return this.state === 'open' ? undefined : 'it does not pull at the moment';
  }

  enter(message: Message, patienceMs: number, isRepeated: boolean): Promise<boolean> | undefined {
    const onPlace = (pull: WaitingPull) => void this.#places.set(message, pull);
    return this.demand.enter({ endpointId: this.#endpointId, onPlace }, patienceMs, isRepeated);
  }

  /** Ends the reservation for a message, because its call brings it. @returns the pull, if it is still open */
  redeem(message: Message): WaitingPull | undefined {
    const pull = this.#places.get(message);
    this.#places.delete(message);
    return pull?.redeem() ? pull : undefined;
  }

  leave(message: Message): void {
    if (!this.#places.has(message)) return;
    this.redeem(message);
    this.demand.admit();
  }
}
