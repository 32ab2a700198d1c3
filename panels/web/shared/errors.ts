/** An error whose message is a sentence for the person. */
export class PanelError extends Error {}

export const sentence = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
