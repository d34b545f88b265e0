import { CommanderError } from 'commander';
import { isLittoralError } from '../errors.ts';
import { errorStack, errorText } from '../text/error-chain.ts';
import { exitCode } from './exit-code.ts';
import { ignoreOutputErrors, OutputError, printWarnings } from './output.ts';
import { runProgram } from './program.ts';

/** Long enough for an error that has all issues of a configuration. */
const maxTextLength = 65_536;

/**
 * Runs the command that the arguments name as this process, and ends it when the command fails.
 *
 * @param args without the names of Node and of the script
 */
export async function runAsProcess(args: readonly string[]): Promise<void> {
  ignoreOutputErrors();
  printWarnings();
  try {
    await runProgram(args);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has written the text. A request for help is no error.
      process.exit(error.exitCode === 0 ? 0 : exitCode.wrongUsage);
    }
    if (error instanceof OutputError && error.isReaderGone) process.exit(exitCode.brokenPipe);
    // Errors of littoral, and of the system such as a port in use, need no stack trace. All others do.
    const isExpected =
      isLittoralError(error) || error instanceof OutputError || (error instanceof Error && 'syscall' in error);
    const text = isExpected ? errorText(error, maxTextLength) : errorStack(error) || errorText(error);
    process.stderr.write(`littoral: ${text}\n`);
    process.exit(isLittoralError(error) && error.code === 'wrong-usage' ? exitCode.wrongUsage : exitCode.failed);
  }
}
