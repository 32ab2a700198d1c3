const TYPED_IN = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const CLICKED = new Set(["checkbox", "radio", "button", "submit", "range"]);

/** Whether the person is writing: then every key is a letter. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as Partial<HTMLInputElement> | null;
  const field = TYPED_IN.has(element?.tagName ?? "") && !CLICKED.has(element?.type ?? "");
  return field || Boolean(element?.isContentEditable);
}
