import { CommanderError } from 'commander';
import { isLittoralError } from '../errors.ts';
import { runProgram } from './program.ts';

const exitCode = { failed: 1, wrongUsage: 2 } as const;

/**
 * Runs the command that the arguments name as this process, and ends it when the command fails.
 *
 * @param args without the names of Node and of the script
 */
export async function runAsProcess(args: readonly string[]): Promise<void> {
  try {
    await runProgram(args);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its text has been written. Help that was asked for is no error.
      process.exit(error.exitCode === 0 ? 0 : exitCode.wrongUsage);
    }
    // What littoral says on purpose, or the system of a port, needs no stack trace; everything else does.
    const isExpected = isLittoralError(error) || (error instanceof Error && 'syscall' in error);
    const text = isExpected ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`littoral: ${text}\n`);
    process.exit(isLittoralError(error) && error.code === 'wrong-usage' ? exitCode.wrongUsage : exitCode.failed);
  }
}
