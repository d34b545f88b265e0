const maxListed = 20;

/** Joins names for an error message. A long list is cut to the first names and the number of the others. */
export function listed(names: readonly string[], separator = ', '): string {
  const more = names.length - maxListed;
  if (more <= 0) return names.join(separator);
  return `${names.slice(0, maxListed).join(separator)}${separator}${more} more`;
}
