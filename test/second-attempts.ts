import type { Reporter, TestModule } from 'vitest/node';

/** Lists the tests that passed at their second attempt only, before the summary: each of them is an error to look into. */
export class SecondAttempts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const repeated = modules.flatMap((module) =>
      [...module.children.allTests('passed')].filter((test) => (test.diagnostic()?.retryCount ?? 0) > 0),
    );
    if (repeated.length === 0) return;
    const lines = repeated.flatMap((test) => [
      `  ${test.module.relativeModuleId} > ${test.fullName}`,
      ...(test.result().errors ?? []).map(({ message }) => `    ${message.slice(0, 2000)}`),
    ]);
    console.warn(['', 'Passed at the second attempt only:', ...lines].join('\n'));
  }
}
