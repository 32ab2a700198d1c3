import * as React from "react";
import type { Pick } from "./contract.gen";
import { count, shareOf, samePick } from "./words";

/** One bar that can be clicked: a name, a filled share of the whole, a number. */
export function Bar(props: {
  /** What stands in place of the name that is said. */
  label?: React.ReactNode;
  said: string;
  value: number;
  whole: number;
  of?: string;
  own: Pick;
  pick: Pick | null;
  choose(pick: Pick): void;
  tone?: string;
  cy: string;
}): React.ReactElement {
  const { label, said, value, whole, of, own, pick, choose, tone = "plain", cy } = props;
  return (
    <button
      type="button"
      className="gr-bar"
      data-cy={cy}
      data-status={tone}
      aria-pressed={samePick(pick, own)}
      aria-label={`${said}: ${of ?? `${count(value)} of ${count(whole)}`}. Show them in the grid.`}
      onClick={() => choose(own)}
    >
      <span>{label ?? said}</span>
      <span className="gs-soft gr-track">
        <i style={{ width: `${whole ? (100 * value) / whole : 0}%` }} />
      </span>
      <span className="gs-nowrap gs-dim gr-bar-count">{of ?? `${count(value)} · ${shareOf(value, whole)}`}</span>
    </button>
  );
}

/** One row cut into parts, each a button of its own. */
export function Stack(props: {
  label: string;
  parts: readonly { key: string; value: number; said: string; active: boolean; onClick(): void }[];
  longest: number;
}): React.ReactElement {
  const { parts, longest } = props;
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  return (
    <span className="gr-stack" role="group" aria-label={props.label} style={{ width: `${(100 * total) / (longest || 1)}%` }}>
      {parts.map((part) =>
        part.value ? (
          <button
            key={part.key}
            type="button"
            data-status={part.key}
            data-cy={`gr-class-${part.key}`}
            aria-pressed={part.active}
            aria-label={`${part.said}: ${count(part.value)}. Show them in the grid.`}
            title={`${part.said}: ${count(part.value)}`}
            style={{ flexGrow: part.value }}
            onClick={part.onClick}
          />
        ) : null,
      )}
    </span>
  );
}
