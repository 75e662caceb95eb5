/** The same keys with other values. */
export function mapValues<A extends object, B>(
  object: A,
  map: (value: A[keyof A], key: string) => B,
): { [K in keyof A]: B } {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value as A[keyof A], key)])) as {
    [K in keyof A]: B;
  };
}
