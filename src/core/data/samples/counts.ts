/** How many pictures of each kind the sample set holds. Kept apart from the drawing code, which can render SVG. */
export const sampleCounts = { landscape: 8, street: 6, garden: 4, table: 3, wall: 3 } as const;

/** How many pictures the sample set holds. */
export const samplePictureCount = Object.values(sampleCounts).reduce((sum, count) => sum + count, 0);
