import * as React from "react";
import type { Model } from "./verdicts.gen";

/** Which language model is reviewed; nothing where there is only one. */
export function ModelSelect(props: {
  models: readonly Model[];
  value: string;
  onChange(model: string): void;
}): React.ReactElement | null {
  if (props.models.length < 2) return null;
  return (
    <label className="gs-row gs-dim gs-field">
      Model
      <select value={props.value} onChange={(event) => props.onChange(event.target.value)}>
        {props.models.map((model) => (
          <option key={model.name} value={model.name}>
            {model.label}
          </option>
        ))}
      </select>
    </label>
  );
}
