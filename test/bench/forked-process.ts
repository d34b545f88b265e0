import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { errorMessage } from '../../src/errors.ts';

/** What a process can be asked to do. Arguments and results travel as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: each process has tasks of its own
type Tasks = Record<string, (...args: any[]) => unknown>;

/** Another process of this machine, by the tasks that it offers. */
export interface ForkedProcess<T extends Tasks> {
  ask<Name extends keyof T>(task: Name, ...args: Parameters<T[Name]>): Promise<Awaited<ReturnType<T[Name]>>>;
  end(): Promise<void>;
}

interface Question {
  readonly id: number;
  readonly task: string;
  readonly args: unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: string;
}

/**
 * Starts a file of this folder as a process with an event loop, a heap and a CPU time of its own.
 *
 * @param args the first ones go to Node, such as `--cpu-prof`
 */
export function forkProcess<T extends Tasks>(file: URL, nodeOptions: readonly string[] = []): ForkedProcess<T> {
  // The bench runs as users run littoral: built, and so does what it starts.
  const built = new URL(file.href.replace(/\.ts$/, extname(import.meta.url)));
  const child = fork(built, { execArgv: [...process.execArgv, ...nodeOptions] });
  const waiting = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', ({ id, result, failure }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) asked?.resolve(result as never);
    else asked?.reject(new Error(failure));
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file.pathname} ended with exit code ${code}.`));
  });
  return {
    ask(task, ...args) {
      lastId++;
      const answer = new Promise<never>((resolve, reject) => waiting.set(lastId, { resolve, reject }));
      child.send({ id: lastId, task: String(task), args } satisfies Question);
      return answer;
    },
    async end() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** Offers tasks to the process that forked this one, until that one lets go. */
export function offer<T extends Tasks>(tasks: T): void {
  process.on('message', async ({ id, task, args }: Question) => {
    try {
      process.send?.({ id, result: await tasks[task]?.(...args) } satisfies Answer);
    } catch (error) {
      process.send?.({ id, failure: errorMessage(error) } satisfies Answer);
    }
  });
  process.on('disconnect', () => process.exit());
}

/** The CPU time that this process has used so far. */
export function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
