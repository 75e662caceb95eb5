/** The part of jstat that is used here; the package has no types of its own. */
declare module 'jstat' {
  const jstat: {
    studentt: { inv(p: number, df: number): number; cdf(t: number, df: number): number };
  };
  export default jstat;
}
