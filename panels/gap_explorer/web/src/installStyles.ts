/** Puts style sheets, by the id of their element, into the page: each once. */
export function installStyles(sheets: Readonly<Record<string, string>>): void {
  for (const [id, text] of Object.entries(sheets)) {
    if (document.getElementById(id)) continue;
    const style = document.createElement("style");
    style.id = id;
    style.textContent = text;
    document.head.appendChild(style);
  }
}
