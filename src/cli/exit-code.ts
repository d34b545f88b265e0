/** Exit codes. Shells report the last one for a program that wrote to a closed pipe. */
export const exitCode = { failed: 1, wrongUsage: 2, brokenPipe: 141 } as const;
