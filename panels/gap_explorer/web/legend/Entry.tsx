import * as React from "react";
import { count } from "../words";

/** One row of the legend: a click hides and shows it, a double click or Alt-click shows it alone. */
export function Entry(props: {
  swatch: React.ReactElement;
  name: string;
  hint?: string;
  count: number | null;
  on: boolean;
  toggle(): void;
  solo(): void;
}): React.ReactElement {
  const { name, on, toggle, solo } = props;
  const points = props.count === null ? "" : count(props.count);
  // The second click of a double one: alone is meant as things were before the first.
  const first = React.useRef(solo);
  return (
    <li>
      <button
        type="button"
        className="gs-bare gs-entry"
        aria-pressed={on}
        aria-label={`${name}${points ? `, ${points}` : ""}`}
        title={`${props.hint ?? name}. Click to ${on ? "hide" : "show"}, double-click or Alt-click for these alone.`}
        onClick={(event) => {
          if (event.altKey) solo();
          else if (event.detail > 1) first.current();
          else {
            first.current = solo;
            toggle();
          }
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !event.altKey) return;
          event.preventDefault();
          solo();
        }}
      >
        {props.swatch}
        <b>{name}</b>
        <span>{points}</span>
      </button>
    </li>
  );
}
