import { spawn } from 'node:child_process';
import { expect, onTestFinished } from 'vitest';
import { eventually } from './broker/eventually.ts';
import { inspectOutput } from './logs/secret-watch.ts';

export interface SpawnOptions {
  /** Default: the working directory of the tests. */
  readonly cwd?: string;
  /** Beside PATH and HOME, all that the process is told. Default: nothing. */
  readonly environment?: Readonly<Record<string, string>>;
  /** All that it reads. Default: it would wait for ever. */
  readonly input?: string | Uint8Array;
}

/** A process that runs beside the test, and ends with it. */
export interface SpawnedProcess {
  /** All that it has written so far. */
  readonly output: () => string;
  /** Waits until it has written what matches. */
  readonly written: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Reads no more of what it writes, as when a reader of its log has died. */
  readonly closeOutput: () => void;
  /** Writes to its standard input, which stays open. Only for a process without `input`. */
  readonly write: (text: string) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** When it has ended by itself. */
  readonly ended: Promise<Ended>;
}

interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a process whose environment is its own, so that nothing set on this machine decides the outcome. */
export function spawnProcess(
  command: string,
  args: readonly string[],
  { cwd, environment = {}, input }: SpawnOptions = {},
): SpawnedProcess {
  const { PATH, HOME } = process.env;
  // A group of its own: what it starts itself must not outlive the test either.
  const child = spawn(command, args, { cwd, detached: true, env: { PATH, HOME, ...environment } });
  // The process may end before it has read everything.
  child.stdin.on('error', () => {});
  if (input !== undefined) child.stdin.end(input);
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (written.stdout += chunk));
  child.stderr.on('data', (chunk) => (written.stderr += chunk));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      inspectOutput(written.stdout + written.stderr);
      resolve({ code, ...written });
    });
  });
  onTestFinished(() => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  const output = () => written.stdout + written.stderr;
  return {
    output,
    async written(pattern) {
      const find = () => {
        const found = pattern.exec(output());
        expect(found, `${pattern} in: ${output()}`).not.toBeNull();
        return found as RegExpExecArray;
      };
      return eventually(find);
    },
    closeOutput() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    write: (text) => void child.stdin.write(text),
    kill: (signal) => child.kill(signal),
    ended,
  };
}
