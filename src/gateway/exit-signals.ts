import { closeSync, constants, openSync } from 'node:fs';
import { constants as system } from 'node:os';

/** The actions of a process on a signal to end. */
export interface SignalResponse {
  /** Called once, for the first signal. */
  first(signal: NodeJS.Signals): void;
  /** Called for every later signal by which a person or a supervisor insists. Default: those change nothing. */
  again?(signal: NodeJS.Signals): void;
  /**
   * Called for each SIGHUP of a process that has no terminal, or whose terminal is still there. `later`: such a signal
   * waits for the next response. Default: SIGHUP ends the process.
   */
  readonly reload?: (() => void) | 'later';
}

/** The signals that ask a process to end and that it can catch. Without a listener each of them kills it. */
const exitSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'] as const;

/**
 * The signals that never cut an orderly end short. A terminal that closes sends SIGHUP twice, and systemd can send one
 * right behind its SIGTERM (`SendSIGHUP`).
 */
const sentBeside: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGUSR2'];

let response: SignalResponse | undefined;
let isEnding = false;
let isReloadWanted = false;

// A terminal that closes sends SIGHUP as well, and the process should end with it.
const hadTerminal = hasTerminal();

/**
 * Sets what a signal does from now on. The listeners of the process are attached once and stay: Node forgets a signal
 * that has arrived but was not yet dispatched when the last listener is removed, and PID 1 of a container never gets
 * one for which it has no listener.
 */
export function respondToSignals(next: SignalResponse): void {
  const isListening = response !== undefined;
  response = next;
  if (!isListening) for (const signal of exitSignals) process.on(signal, receive);
  if (isReloadWanted && typeof next.reload === 'function') {
    isReloadWanted = false;
    next.reload();
  }
}

/**
 * Ends the process as the signal does by itself, so that a shell sees what ended it. PID 1 exits with the shell's code.
 */
export function exitBySignal(signal: NodeJS.Signals): never {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  process.exit(128 + system.signals[signal]);
}

/**
 * Ends the process with a code, after an orderly end. If its terminal has closed, it ends by SIGHUP: Node aborts when it
 * cannot reset that terminal, and nothing can read the code.
 */
export function exitInOrder(code: number): never {
  if (!isTerminalGone()) process.exit(code);
  process.emit('exit', code);
  return exitBySignal('SIGHUP');
}

function isTerminalGone(): boolean {
  return hadTerminal && !hasTerminal();
}

/** Returns whether the process has a terminal that controls it. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}

function receive(signal: NodeJS.Signals): void {
  // Node's own --report-on-signal and --heapsnapshot-signal, and modules of the user, may have a use for it.
  if (signal === 'SIGUSR2' && process.listenerCount(signal) > 1) return;
  if (!isEnding && signal === 'SIGHUP' && response?.reload !== undefined && !isTerminalGone()) {
    if (response.reload === 'later') isReloadWanted = true;
    else response.reload();
  } else if (!isEnding) {
    isEnding = true;
    response?.first(signal);
  } else if (!sentBeside.includes(signal)) {
    response?.again?.(signal);
  }
}
