// How a value stands for an element: its children by their names, its attributes and its text by these.

/** What the name of an attribute's field begins with. */
export const attributePrefix = '@';

/** The field for the text of an element that has attributes or children as well. */
export const textName = '#text';
