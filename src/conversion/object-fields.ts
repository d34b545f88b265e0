/** How many fields one object may have. Every step takes longer for a field than for an item of a list. */
export const maxObjectFields = 50_000;
