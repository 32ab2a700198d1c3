import base from "../../../gap_explorer/web/src/styles.css?inline";
import own from "./styles.css?inline";

/** Puts the panels' rules into the page once; the Gap Explorer's are the ground they stand on. */
export function installStyles(): void {
  for (const [id, text] of [
    ["gapsphere-gap-explorer", base],
    ["gapsphere-rationale", own],
  ] as const) {
    if (document.getElementById(id)) continue;
    const style = document.createElement("style");
    style.id = id;
    style.textContent = text;
    document.head.appendChild(style);
  }
}
