import * as React from "react";
import { colourChoices, matching, type ColourChoice } from "./choices";
import type { RunInfo } from "../contract.gen";
import { usePopover } from "../parts/usePopover";
import { colourName } from "../words";

/** What the points are coloured by: a list to search, in groups, for mouse and keys alike. */
export function ColourPicker(props: {
  run: RunInfo;
  value: string;
  onChange(field: string): void;
}): React.ReactElement {
  const { run, value, onChange } = props;
  const { open, set, close, around } = usePopover<HTMLDivElement>();

  return (
    <div className="gs-row gs-field gs-pop" {...around}>
      <span className="gs-dim">Colour</span>
      <button
        type="button"
        className="gs-pick-colour"
        aria-label="Colour by"
        aria-haspopup="listbox"
        aria-expanded={open}
        title={`Colour by ${colourName(value)}`}
        onClick={() => set(!open)}
      >
        {colourName(value)}
      </button>
      {open ? (
        <List
          run={run}
          value={value}
          take={(field) => {
            onChange(field);
            close();
          }}
        />
      ) : null}
    </div>
  );
}

function List(props: {
  run: RunInfo;
  value: string;
  take(field: string): void;
}): React.ReactElement {
  const { run, value, take } = props;
  const [text, setText] = React.useState("");
  const all = React.useMemo(() => colourChoices(run.fields), [run.fields]);
  const found = matching(all, text);
  const [at, setAt] = React.useState(() => Math.max(0, all.findIndex((one) => one.field === value)));
  const active = found[Math.min(at, found.length - 1)];
  const list = React.useRef<HTMLUListElement>(null);
  const id = React.useId();
  React.useEffect(() => {
    list.current?.querySelector('[data-active="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const keys = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) setAt((Math.min(at, found.length - 1) + step + found.length) % found.length);
    else if (event.key === "Enter" && active) take(active.field);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const optionId = (one: ColourChoice): string => `${id}-${one.field}`;

  return (
    <div className="gs-popup gs-colours" data-cy="gs-colours">
      <input
        type="search"
        role="combobox"
        aria-label="Search the colours"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={active ? optionId(active) : undefined}
        placeholder={`Search ${all.length} fields`}
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={keys}
      />
      <ul ref={list} id={id} role="listbox" aria-label="Colours">
        {found.map((one, i) => (
          <React.Fragment key={one.field}>
            {i === 0 || found[i - 1].group !== one.group ? (
              <li className="gs-fine" role="presentation">
                {one.group}
              </li>
            ) : null}
            <li
              id={optionId(one)}
              role="option"
              aria-selected={one.field === value}
              data-active={one === active}
              title={one.unit ? `${one.field}: ${one.unit}` : one.field}
              onPointerMove={() => setAt(i)}
              onClick={() => take(one.field)}
            >
              <b>{one.label}</b>
              <span>{one.kind === "numeric" ? "123" : "abc"}</span>
            </li>
          </React.Fragment>
        ))}
        {found.length ? null : <li className="gs-fine">No field has “{text.trim()}” in its name.</li>}
      </ul>
    </div>
  );
}
