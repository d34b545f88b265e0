/**
 * The states of a consumer:
 * - `detached`: it has no queue to receive from, for a reason. Another attempt to attach follows
 * - `attaching`: it declares the queue, and begins to consume it
 * - `consuming`
 * - `paused`: it consumes again by itself after a time
 * - `suspended`: it consumes again when it is resumed
 * - `stopped`, for good
 */
export type ConsumerStateName = 'detached' | 'attaching' | 'consuming' | 'paused' | 'suspended' | 'stopped';

/**
 * The state of a consumer, and its transitions. Each returns whether it was possible. A suspension outlives lost
 * connections: while there is none, it is remembered.
 */
export class ConsumerState {
  #name: ConsumerStateName = 'detached';
  #reason: string | undefined = 'not attached yet';
  #isSuspended: boolean;
  #epoch = 0;

  constructor(isSuspended: boolean) {
    this.#isSuspended = isSuspended;
  }

  get name(): ConsumerStateName {
    return this.#name;
  }

  /** Returns why nothing can be received; undefined while attached. */
  get detached(): string | undefined {
    return this.#reason;
  }

  get isStopped(): boolean {
    return this.#name === 'stopped';
  }

  /** Returns whether it is suspended, or will be once it is attached. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Returns a number that changes with each transition: work that has waited compares it. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Begins an attempt to attach. The reason for the last end stays until `attached`. */
  attach(): boolean {
    return this.#name === 'detached' && this.#enter('attaching', this.#reason);
  }

  attached(): boolean {
    return this.#name === 'attaching' && this.#enter(this.#isSuspended ? 'suspended' : 'consuming');
  }

  detach(reason: string): boolean {
    return !this.isStopped && this.#enter('detached', reason);
  }

  pause(): boolean {
    return this.#name === 'consuming' && this.#enter('paused');
  }

  endPause(): boolean {
    return this.#name === 'paused' && this.#enter('consuming');
  }

  /** Suspends; ends a pause. Not possible while it is suspended already. */
  suspend(): boolean {
    if (this.#isSuspended || this.isStopped) return false;
    this.#isSuspended = true;
    if (this.#name === 'consuming' || this.#name === 'paused') this.#enter('suspended');
    return true;
  }

  /** Ends the suspension, if there is one. A pause continues. */
  resume(): boolean {
    if (this.isStopped) return false;
    this.#isSuspended = false;
    if (this.#name === 'suspended') this.#enter('consuming');
    return true;
  }

  stop(): boolean {
    return !this.isStopped && this.#enter('stopped', 'stopped');
  }

  #enter(name: ConsumerStateName, reason?: string): true {
    this.#name = name;
    this.#reason = reason;
    this.#epoch += 1;
    return true;
  }
}
