import type { CallGate } from '../handler/call-gate.ts';
import type { HttpApplication } from './http-application.ts';
import type { Places } from './places.ts';

/** The gate before one path of an application. */
export class PathGate implements CallGate {
  readonly #application: HttpApplication;
  readonly #places: Places;
  readonly #path: string;

  constructor(application: HttpApplication, places: Places, path: string) {
    this.#application = application;
    this.#places = places;
    this.#path = path;
  }

  get state(): CallGate['state'] {
    return this.#application.stateOf(this.#path);
  }

  get reason(): string | undefined {
    return this.#application.reasonOf(this.#path);
  }

  get holdMs(): number {
    return this.#application.holdMs;
  }

  enter(patienceMs: number, isRepeated: boolean): Promise<boolean> | undefined {
    return this.#places.enter(this.#path, patienceMs, isRepeated);
  }

  leave(): void {
    this.#places.leave(this.#path);
  }
}
