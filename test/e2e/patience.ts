/**
 * How long the tests of the window wait for what has to come, in ms. A busy machine is slow, not wrong: nothing here asserts
 * how long something takes, and what does not come at all ends the test all the same.
 */
export const patience = 120_000;
