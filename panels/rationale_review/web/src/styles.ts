import base from "../../../gap_explorer/web/src/styles.css?inline";
import review from "./styles.css?inline";

const SHEETS = { "gapsphere-gap-explorer": base, "gapsphere-rationale": review };

/** Puts rules into the page once; the Gap Explorer's are the ground that both panels stand on. */
export function installStyles(own: Readonly<Record<string, string>> = {}): void {
  for (const [id, text] of Object.entries({ ...SHEETS, ...own })) {
    if (document.getElementById(id)) continue;
    const style = document.createElement("style");
    style.id = id;
    style.textContent = text;
    document.head.appendChild(style);
  }
}
