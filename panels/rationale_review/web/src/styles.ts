import base from "../../../gap_explorer/web/src/styles.css?inline";
import review from "./styles.css?inline";

/** The Gap Explorer's rules are the ground that both panels of the review stand on. */
export const SHEETS = { "gapsphere-gap-explorer": base, "gapsphere-rationale": review };
