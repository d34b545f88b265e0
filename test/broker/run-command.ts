import { execFile } from 'node:child_process';

export interface RunCommandOptions {
  /** Environment of the command. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long the command may take before it is ended. Default: 60,000. */
  readonly timeoutMs?: number;
  /** All that the command reads. Default: nothing. */
  readonly input?: string;
}

/** Runs a command and returns what it printed; throws with its output when it fails or takes too long. */
export function runCommand(
  file: string,
  args: readonly string[],
  { env = process.env, timeoutMs = 60_000, input = '' }: RunCommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env, timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const reason = error.killed ? `did not end within ${timeoutMs} ms` : `failed (${error.code ?? error.signal})`;
      const output = `${stdout}\n${stderr}`.trim();
      reject(new Error(`"${file} ${args.join(' ')}" ${reason}: ${output}`, { cause: error }));
    });
    // The command may end before it has read everything.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
