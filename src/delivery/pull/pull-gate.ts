import type { CallGate } from '../../handler/call-gate.ts';
import type { PullQueue } from './pull-queue.ts';

/** The gate of an endpoint whose messages are pulled: it lets a message in when a pull has room for it. */
export class PullGate implements CallGate {
  readonly holdMs: number;
  readonly demand: PullQueue;
  readonly #endpointId: string;
  /** Number of calls whose message was taken or refused, and that have not left. */
  #brought = 0;

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

  enter(patienceMs: number, isRepeated: boolean): Promise<boolean> | undefined {
    return this.demand.enter(this.#endpointId, patienceMs, isRepeated);
  }

  /** Notes that a call has brought its message to a pull, so that its place there is taken. */
  onBrought(): void {
    this.#brought += 1;
  }

  leave(): void {
    if (this.#brought > 0) this.#brought -= 1;
    else this.demand.free(this.#endpointId);
  }
}
