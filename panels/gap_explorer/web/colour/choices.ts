/** What the points can be coloured by, in the order and groups of the list. */

import type { FieldChoice, FieldGroup, Kind } from "../contract.gen";
import { colourName } from "../words";

export interface ColourChoice {
  field: string;
  label: string;
  group: string;
  kind: Kind;
  unit: string;
}

const GROUPS: Record<FieldGroup, string> = {
  coverage: "Coverage",
  fields: "Fields",
  labels: "Labels",
  attributes: "Attributes",
  metadata: "Metadata",
};
/** Drawn from what the panel has, without asking for a field. */
const OWN = ["dist_to_S", "density"];

export function colourChoices(fields: readonly FieldChoice[]): ColourChoice[] {
  const choice = (field: string, group: FieldGroup, kind: Kind, unit: string): ColourChoice => {
    // What the group says already is left out of its names.
    const label = group === "attributes" || group === "metadata" ? field.slice(field.indexOf(".") + 1) : colourName(field);
    return { field, label, group: GROUPS[group], kind, unit };
  };
  const own = OWN.map((field) => choice(field, "coverage", "numeric", ""));
  const of = (group: FieldGroup): ColourChoice[] =>
    fields.filter((one) => one.group === group).map((one) => choice(one.path, group, one.kind, one.unit));
  return [...own, ...(Object.keys(GROUPS) as FieldGroup[]).flatMap(of)];
}

/** Those whose name or path has every word of a search in it. */
export function matching(choices: readonly ColourChoice[], text: string): ColourChoice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter(({ field, label, group }) => {
    const all = `${group} ${field} ${label}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
