/** A limit on the requests or bytes of callers: `rate` units in each window, and at most `burst` units at once. */
export interface LimitSettings {
  readonly name: string;
  /** The requests that share a bucket: those of one caller, those for one destination, or all. */
  readonly per: 'principal' | 'destination' | 'all';
  /** Default: `requests`. */
  readonly unit?: 'requests' | 'bytes' | undefined;
  readonly rate: number;
  readonly windowSeconds: number;
  /** Default: `rate`. */
  readonly burst?: number | undefined;
}
