import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Sees to it that the processes and the folder of a node do not outlive this process. */
export interface KillOnExit {
  /** Names the processes to kill, in place of those named before. */
  watch(pids: readonly number[]): void;
  /** Ends the watch: kills the processes named last, if any, and removes the folder. */
  release(): Promise<void>;
}

// Its standard input ends when this process is gone, also after a SIGKILL, when nothing in here can run any more.
const WATCHDOG = `
while read -r line; do pids=$line; done
if [ -n "$pids" ]; then kill -KILL $pids; sleep 0.2; fi
rm -rf -- "$1"
`;

export function killOnExit(folder: string): KillOnExit {
  // Detached, so that Ctrl+C in the terminal does not end the watchdog together with what it watches.
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(watchdog, 'exit');
  watchdog.stdin.on('error', () => {});
  watchdog.unref();

  let watched: readonly number[] = [];
  const killAll = () => {
    for (const pid of watched) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended on its own.
      }
    }
  };
  process.once('exit', killAll);

  return {
    watch(pids) {
      watched = pids;
      watchdog.stdin.write(`${pids.join(' ')}\n`);
    },
    async release() {
      process.off('exit', killAll);
      watchdog.ref();
      watchdog.stdin.end();
      await ended;
    },
  };
}
