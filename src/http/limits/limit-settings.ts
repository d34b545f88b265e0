/** A limit on what callers send: so many units in a time, and at most `burst` at once. */
export interface LimitSettings {
  readonly name: string;
  /** Who shares a bucket. */
  readonly per: 'principal' | 'destination' | 'all';
  /** Default: `requests`. */
  readonly unit?: 'requests' | 'bytes' | undefined;
  readonly rate: number;
  readonly windowSeconds: number;
  /** Default: `rate`. */
  readonly burst?: number | undefined;
}
