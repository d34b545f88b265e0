const largestExact = 2n ** 53n;

/** An integer as headers hold it: a number up to 2^53 either way, which a number holds exactly; beyond, the bigint. */
export function integerOf(integer: bigint): number | bigint {
  return integer <= largestExact && integer >= -largestExact ? Number(integer) : integer;
}
