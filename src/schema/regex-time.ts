import { createContext, Script } from 'node:vm';

/** Time limit for one attempt to match, which blocks the process, in milliseconds. */
export const regexTimeMs = 80;
const maxAttempts = 10;

/** A script with a time limit is the only way to end a match: V8 checks for it whenever the match backtracks. */
const script = new Script('work()');
const context = createContext({ work: undefined });

/**
 * Runs a regular expression search within a time limit.
 *
 * @param search keeps its findings; it runs again if the machine stalled before the first one
 * @param hasFound returns whether there is a finding, so that the rest can be searched later
 * @param timeMs the time limit
 * @returns false if nothing was found in time
 */
export function withinRegexTime(search: () => void, hasFound: () => boolean, timeMs = regexTimeMs): boolean {
  // With less processor time, the machine stalled.
  const leastWorkMs = timeMs / 2;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const before = process.cpuUsage();
    context.work = search;
    try {
      script.runInContext(context, { timeout: timeMs });
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      if (hasFound()) return true;
      const { user, system } = process.cpuUsage(before);
      if ((user + system) / 1000 >= leastWorkMs) return false;
    } finally {
      context.work = undefined;
    }
  }
  return false;
}
