#!/usr/bin/env node
import { CommanderError } from 'commander';
import { runProgram } from './cli/program.ts';
import { isLittoralError } from './errors.ts';

const exitCode = { failed: 1, wrongUsage: 2 } as const;

runProgram(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Its text has been written. Help that was asked for is no error.
    process.exit(error.exitCode === 0 ? 0 : exitCode.wrongUsage);
  }
  // What littoral says on purpose, or the system of a port, needs no stack trace; everything else does.
  const isExpected = isLittoralError(error) || (error instanceof Error && 'syscall' in error);
  const text = isExpected ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`littoral: ${text}\n`);
  process.exit(isLittoralError(error) && error.code === 'wrong-usage' ? exitCode.wrongUsage : exitCode.failed);
});
