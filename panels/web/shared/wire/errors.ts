/** An error whose message is a sentence for the person. */
export class PanelError extends Error {}

/** A refusal because what the panel shows has changed: fill it again and ask again. */
export class Outdated extends PanelError {}

/** An error as a sentence; what a browser or a server says of a failed request, with what to do. */
export function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/^(TypeError: )?(failed to fetch|networkerror|load failed)/i.test(message)) {
    return "The App server is not responding; check that it is running.";
  }
  return /internal server error/i.test(message) ? "The App server failed; see its log." : message;
}
