// The value of an element: its children are fields with their names, its attributes and its text are fields with these.

/** The prefix of the name of an attribute's field. */
export const attributePrefix = '@';

/** The field for the text of an element that has attributes or children as well. */
export const textName = '#text';
