import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { eventually } from './broker/eventually.ts';
import { inspectOutput } from './logs/secret-watch.ts';

export interface StartedProcess {
  /** Where the gateway listens. */
  readonly address: string;
  /** All that it has written so far. */
  output(): string;
  /** Ends it in good order. @returns its exit code */
  stop(): Promise<number | null>;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs `npm start` on a free port, as the README tells a newcomer to, and ends it when the test has finished.
 *
 * @param args what follows it. Default: nothing
 * @param script another script of npm that starts a gateway. Default: `start`
 */
export async function startProcess(
  environment: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
  script = 'start',
): Promise<StartedProcess> {
  // In a group of its own: npm starts the gateway as its child, and both must end.
  const child = spawn('npm', ['run', script, ...args], {
    cwd: root,
    detached: true,
    env: { ...process.env, ...environment, PORT: '0' },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  child.once('close', () => inspectOutput(output));
  const stop = () => endGroup(child);
  onTestFinished(async () => void (await stop()));
  const address = await eventually(
    () => {
      const listening = /listening on (http:\/\/[\d.:]+)/.exec(output)?.[1];
      expect(listening, output).toBeDefined();
      return listening as string;
    },
    { timeoutMs: 120_000 },
  );
  return { address, output: () => output, stop };
}

function endGroup(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  process.kill(-(child.pid as number), 'SIGTERM');
  return ended;
}
