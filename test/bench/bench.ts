/** What every bench is told. */
export interface BenchOptions {
  readonly brokerUrl: string;
  /** Fewer and shorter rounds, to have a look. */
  readonly quick: boolean;
  /** For the processes of the gateway, such as `--cpu-prof`. */
  readonly nodeOptions: readonly string[];
}

/** What a bench comes to: a table and plain words, and whether it failed. */
export interface Verdict {
  readonly text: string;
  readonly failed: boolean;
}
