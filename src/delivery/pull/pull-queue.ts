import type { CallDemand } from '../../handler/call-gate.ts';
import type { WaitingPull } from './waiting-pull.ts';

/** A call of a handler whose message is for a pull. */
export interface PullCall {
  readonly endpointId: string;
  /** Called with the pull that has a place for the message. */
  readonly onPlace: (pull: WaitingPull) => void;
}

/** A call that waits for a pull. */
interface WaitingCall {
  readonly call: PullCall;
  readonly isRepeated: boolean;
  readonly end: (entered: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

/** The pulls that wait for messages, and the messages that wait for a pull. One of both is empty for each endpoint. */
export class PullQueue implements CallDemand {
  /** In the order in which they get the next message. */
  readonly #pulls = new Set<WaitingPull>();
  readonly #calls: WaitingCall[] = [];
  #hasEnded = false;

  /** Number of pulls that wait. */
  get pulls(): number {
    return this.#pulls.size;
  }

  /** Number of messages that wait. */
  get calls(): number {
    return this.#calls.length;
  }

  /** Number of messages that the pulls have room for. */
  get wanted(): number {
    let wanted = 0;
    for (const { room } of this.#pulls) wanted += room;
    return wanted;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Returns whether a pull has room for a message of an endpoint. */
  hasRoomFor(endpointId: string): boolean {
    return this.#pullFor(endpointId) !== undefined;
  }

  add(pull: WaitingPull): void {
    this.#pulls.add(pull);
    this.admit();
  }

  remove(pull: WaitingPull): void {
    this.#pulls.delete(pull);
  }

  /**
   * Takes a place at a pull for a message.
   *
   * @param patienceMs how long it waits for a pull
   * @param isRepeated true for a message that had a place before: it comes before those that had none
   * @returns undefined if there was one; otherwise a promise of whether it got one
   */
  enter(call: PullCall, patienceMs: number, isRepeated: boolean): Promise<boolean> | undefined {
    if (this.#hasEnded) return Promise.resolve(false);
    if (this.#reserve(call)) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#calls.splice(this.#calls.indexOf(waiting), 1);
        resolve(false);
      }, patienceMs).unref();
      const waiting: WaitingCall = { call, isRepeated, end: resolve, timer };
      const index = isRepeated ? this.#calls.findIndex((other) => !other.isRepeated) : -1;
      this.#calls.splice(index === -1 ? this.#calls.length : index, 0, waiting);
    });
  }

  /** Ends all waits, now and from now on: the pulls get what they have. */
  end(): void {
    this.#hasEnded = true;
    for (const { end, timer } of this.#calls.splice(0)) {
      clearTimeout(timer);
      end(false);
    }
    for (const pull of [...this.#pulls]) pull.answer();
  }

  /** Lets calls in for which a pull has room now. */
  admit(): void {
    for (let index = 0; index < this.#calls.length; ) {
      const { call, end, timer } = this.#calls[index] as WaitingCall;
      if (!this.#reserve(call)) {
        index += 1;
        continue;
      }
      this.#calls.splice(index, 1);
      clearTimeout(timer);
      end(true);
    }
  }

  #reserve({ endpointId, onPlace }: PullCall): boolean {
    const pull = this.#pullFor(endpointId);
    if (pull === undefined) return false;
    pull.reserve();
    onPlace(pull);
    // Behind the others: they share what comes.
    this.#pulls.delete(pull);
    this.#pulls.add(pull);
    return true;
  }

  #pullFor(endpointId: string): WaitingPull | undefined {
    for (const pull of this.#pulls) {
      if (pull.room > 0 && pull.takes(endpointId)) return pull;
    }
    return undefined;
  }
}
