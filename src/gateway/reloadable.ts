import type { ResolvedConfig } from '../config/resolve.ts';

/** A part of a gateway whose settings can change while it runs. */
export interface Reloadable {
  /** The paths of the settings, such as `http.adminToken`. A path stands for all below it. */
  readonly settings: readonly string[];
  /** Applies the settings of a valid configuration at once. Must not throw. */
  reload(config: ResolvedConfig): void;
}
