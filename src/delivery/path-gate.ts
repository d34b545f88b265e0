import type { CallGate } from '../handler/call-gate.ts';
import type { Message } from '../message/message.ts';
import type { Places } from './places.ts';

/** The availability of an application and of its paths. */
export interface PathStates {
  /** Milliseconds for which messages wait for it. */
  readonly holdMs: number;
  stateOf(path: string): CallGate['state'];
  reasonOf(path: string): string | undefined;
}

/** The gate before one path of an application. */
export class PathGate implements CallGate {
  readonly path: string;
  readonly #application: PathStates;
  readonly #places: Places;

  constructor(application: PathStates, places: Places, path: string) {
    this.#application = application;
    this.#places = places;
    this.path = path;
  }

  get state(): CallGate['state'] {
    return this.#application.stateOf(this.path);
  }

  get reason(): string | undefined {
    return this.#application.reasonOf(this.path);
  }

  get holdMs(): number {
    return this.#application.holdMs;
  }

  enter(_message: Message, patienceMs: number, isRepeated: boolean): Promise<boolean> | undefined {
    return this.#places.enter(this.path, patienceMs, isRepeated);
  }

  leave(): void {
    this.#places.leave(this.path);
  }
}
