import type { CallWindow } from './call-window.ts';

/** A call that waits for a place. */
interface Waiting {
  /** Resolves the wait. */
  readonly end: (entered: boolean) => void;
  readonly patienceMs: number;
  /** Runs while the gate is not open. */
  timer: NodeJS.Timeout | undefined;
}

/** The calls of one path: those that run, and those that wait in their order. */
interface PathQueue {
  readonly waiting: Waiting[];
  running: number;
}

export interface PlacesOptions {
  /** Limits the calls of all paths. */
  readonly window: CallWindow;
  /** Returns the maximum number of calls of one path. */
  readonly perPath: () => number;
  /** Returns how many calls of a path the availability allows. */
  readonly allowed: (path: string) => number;
}

/**
 * The places in which the calls of one application run. Calls that find none wait, in their order for each path; the
 * paths take turns, so that a slow one does not stop the others.
 */
export class Places {
  readonly #options: PlacesOptions;
  readonly #paths = new Map<string, PathQueue>();
  #running = 0;
  #hasEnded = false;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /**
   * Takes a place.
   *
   * @param isNext true for the first to get the next place of its path
   * @returns undefined if there was one; otherwise a promise of whether it got one
   */
  enter(path: string, patienceMs: number, isNext: boolean): Promise<boolean> | undefined {
    const queue = this.#queueOf(path);
    if (this.#hasEnded) return Promise.resolve(false);
    if (queue.waiting.length === 0 && this.#hasRoom(path, queue)) {
      this.#take(queue);
      return undefined;
    }
    return new Promise((resolve) => {
      const waiting: Waiting = { end: resolve, patienceMs, timer: undefined };
      if (isNext) queue.waiting.unshift(waiting);
      else queue.waiting.push(waiting);
      this.#limitWaits();
      this.admit();
    });
  }

  leave(path: string): void {
    this.#running -= 1;
    this.#queueOf(path).running -= 1;
    this.admit();
  }

  /** Lets calls in that have room now. */
  admit(): void {
    for (let entered = true; entered; ) {
      entered = false;
      for (const [path, queue] of this.#paths) {
        const [first] = queue.waiting;
        if (first === undefined || !this.#hasRoom(path, queue)) continue;
        queue.waiting.shift();
        clearTimeout(first.timer);
        this.#take(queue);
        // Behind the others, for its next turn.
        this.#paths.delete(path);
        this.#paths.set(path, queue);
        first.end(true);
        entered = true;
        break;
      }
    }
  }

  /** Notes that the availability has changed: waits have an end while a path is not open. */
  onAvailability(isOpen: (path: string) => boolean): void {
    for (const [path, queue] of this.#paths) {
      if (!isOpen(path)) continue;
      for (const waiting of queue.waiting) {
        clearTimeout(waiting.timer);
        waiting.timer = undefined;
      }
    }
    this.#limitWaits();
    this.admit();
  }

  /** Ends all waits, and every later one. */
  end(): void {
    this.#hasEnded = true;
    for (const { waiting } of this.#paths.values()) {
      for (const { end, timer } of waiting.splice(0)) {
        clearTimeout(timer);
        end(false);
      }
    }
  }

  #limitWaits(): void {
    for (const [path, queue] of this.#paths) {
      if (this.#options.allowed(path) > 1) continue;
      for (const waiting of queue.waiting) waiting.timer ??= this.#timerOf(queue, waiting);
    }
  }

  #timerOf(queue: PathQueue, waiting: Waiting): NodeJS.Timeout {
    return setTimeout(() => {
      queue.waiting.splice(queue.waiting.indexOf(waiting), 1);
      waiting.end(false);
    }, waiting.patienceMs).unref();
  }

  #hasRoom(path: string, queue: PathQueue): boolean {
    const { window, perPath, allowed } = this.#options;
    const most = Math.min(perPath(), allowed(path));
    if (queue.running >= most || this.#running >= window.largest) return false;
    // One request of each path may always run, so that a slow path cannot take a small window for itself.
    return this.#running < window.size || queue.running === 0;
  }

  #take(queue: PathQueue): void {
    this.#running += 1;
    queue.running += 1;
  }

  #queueOf(path: string): PathQueue {
    let queue = this.#paths.get(path);
    if (queue === undefined) {
      queue = { waiting: [], running: 0 };
      this.#paths.set(path, queue);
    }
    return queue;
  }
}
