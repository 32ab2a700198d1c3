/** Event on the window: a decision was saved or taken back, and the summary counts again. */
export const REVIEWED = "gapsphere:reviewed";
