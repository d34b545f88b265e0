/** Ends the process once its output is written, whatever the modules of the user keep open. */
export async function endProcess(exitCode: number): Promise<never> {
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(exitCode);
}
