/** An error whose message is a sentence for the person. */
export class PanelError extends Error {}

/** A refusal because what the panel shows has changed: fill it again and ask again. */
export class Outdated extends PanelError {}

export const sentence = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
