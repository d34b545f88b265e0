/** Maximum number of fields of one object. Each step takes longer for a field than for an item of a list. */
export const maxObjectFields = 40_000;
