import * as React from "react";
import type { Bridge } from "../bridge";
import type { Column } from "../cloud/columns";
import type { RunInfo } from "../contract.gen";
import { shownWords, type Shown } from "../cloud/useShown";
import { count } from "../words";
import { ColourPicker } from "../colour/ColourPicker";
import { Gear } from "../parts/Icons";
import { Button, Segmented, Switch } from "../../../web/shared/ui/controls";
import { WholeNumber } from "../../../web/shared/ui/WholeNumber";
import { usePopover } from "../parts/usePopover";

const LIMITS = [10_000, 50_000, 200_000, 1_000_000];

/** The bar above the sphere: what is used all the time in sight, the rest behind one button. */
export function Controls(props: {
  bridge: Bridge;
  run: RunInfo;
  column: Column | null;
  shown: Shown;
}): React.ReactElement {
  const { bridge, run } = props;
  const { choices, choose } = bridge;
  const { open, set, around } = usePopover<HTMLDivElement>();

  return (
    <div className="gs-row gs-wrap gs-fixed gs-bar" role="toolbar" aria-label="Gap Explorer controls">
      <Segmented
        label="Show"
        value={choices.show}
        onChange={(show) => choose({ show })}
        options={[
          { value: "S", label: "Owned", title: `Only the owned set, S: ${count(run.S)}` },
          { value: "U", label: "Candidates", title: `Only the candidates, U: ${count(run.U)}` },
          { value: "both", label: "Both" },
        ]}
      />
      <ColourPicker run={run} value={choices.colour} onChange={(colour) => choose({ colour, range: null })} />
      <span className="gs-grow" />
      <span className="gs-nowrap gs-dim" aria-live="polite">
        {shownWords(run, props.shown)}
      </span>
      <div className="gs-pop" {...around}>
        <button
          type="button"
          className="gs-bare gs-icon"
          aria-label="Settings"
          aria-expanded={open}
          aria-haspopup="dialog"
          title="Settings"
          onClick={() => set(!open)}
        >
          <Gear />
        </button>
        {open ? <Settings {...props} /> : null}
      </div>
    </div>
  );
}

function Settings(props: { bridge: Bridge; run: RunInfo; column: Column | null }): React.ReactElement {
  const { choices, choose } = props.bridge;
  const limits = LIMITS.filter((limit) => limit < props.run.total);
  return (
    <div className="gs-popup gs-settings" data-cy="gs-settings" role="dialog" aria-label="Settings">
      {props.run.suffixes.length > 1 ? (
        <Row label="Analysis">
          <select
            aria-label="Analysis"
            value={props.run.suffix}
            onChange={(event) => {
              choose({ suffix: event.target.value, delta: null });
            }}
          >
            {props.run.suffixes.map((suffix) => (
              <option key={suffix} value={suffix}>
                {suffix || "standard"}
              </option>
            ))}
          </select>
        </Row>
      ) : null}
      <h3>Scene</h3>
      <Row label="Projection">
        <Segmented
          label="Projection"
          value={choices.projection}
          onChange={(projection) => choose({ projection })}
          options={[
            { value: "sphere", label: "Spherical" },
            { value: "cartesian", label: "Cartesian" },
          ]}
        />
      </Row>
      <Row label="Max points">
        <select
          aria-label="Max points"
          value={limits.includes(choices.limit) ? choices.limit : 0}
          onChange={(event) => {
            choose({ limit: Number(event.target.value) });
          }}
        >
          {limits.map((limit) => (
            <option key={limit} value={limit}>
              {count(limit)}
            </option>
          ))}
          <option value={0}>All {count(props.run.total)}</option>
        </select>
      </Row>
      <Row label="Colours">
        <Segmented
          label="Colours"
          value={choices.palette}
          onChange={(palette) => choose({ palette })}
          options={[
            { value: "viridis", label: "Viridis" },
            { value: "cividis", label: "Cividis" },
          ]}
        />
      </Row>
      {props.column?.kind === "numeric" && props.column.field !== "density" ? (
        <Range bridge={props.bridge} column={props.column} />
      ) : null}
      <div className="gs-switches">
        <Switch label="Sphere" checked={choices.sphere} onChange={(sphere) => choose({ sphere })} />
        <Switch
          label="Lattice"
          checked={choices.lattice}
          onChange={(lattice) => choose({ lattice })}
          hint="Faint grid so that empty regions can be clicked"
        />
        <Switch
          label="Picks"
          checked={choices.picks}
          onChange={(picks) => choose({ picks })}
          hint="K-Center picks: a core, and the rank of the first 20"
        />
      </div>
      <h3>Search</h3>
      <Row label="Search in">
        <Segmented
          label="Search in"
          value={choices.search}
          onChange={(search) => choose({ search })}
          options={[
            { value: "U", label: "Candidates" },
            { value: "S", label: "Owned" },
            { value: "both", label: "Both" },
          ]}
        />
      </Row>
      <Row label="Results (top K)">
        <WholeNumber value={choices.topK} min={1} max={100} label="Results, top K" onChange={(topK) => choose({ topK })} />
      </Row>
      <Row label="Distance">
        <Segmented
          label="Distance"
          value={choices.metric}
          onChange={(metric) => choose({ metric })}
          options={[
            { value: "cosine", label: "Cosine" },
            { value: "euclidean", label: "Euclidean" },
          ]}
        />
      </Row>
      <Switch
        label="Re-rank by embedding"
        checked={choices.rerank}
        onChange={(rerank) => choose({ rerank })}
        hint="Find the nearest samples on the sphere, then sort them by embedding distance"
      />
    </div>
  );
}

function Row(props: { label: string; children: React.ReactNode }): React.ReactElement {
  return (
    <div className="gs-setting">
      <span>{props.label}</span>
      {props.children}
    </div>
  );
}

function Range(props: { bridge: Bridge; column: Column }): React.ReactElement {
  const { bridge, column } = props;
  const range = bridge.choices.range ?? [column.min, column.max];
  const digits = (value: number): string => String(+value.toPrecision(4));
  const set = (end: 0 | 1, text: string): void => {
    const value = parseFloat(text);
    // What is shown is rounded: passing through a field with the Tab key may not change the range.
    if (Number.isNaN(value) || text === digits(range[end])) return;
    const next: [number, number] = end === 0 ? [value, range[1]] : [range[0], value];
    if (next[0] < next[1]) bridge.choose({ range: next });
  };
  return (
    <Row label="Legend range">
      <span className="gs-inline gs-range">
        {([0, 1] as const).map((end) => (
          <input
            key={`${end}-${range[end]}`}
            type="number"
            step="any"
            className="gs-number"
            aria-label={end ? "Legend range, to" : "Legend range, from"}
            defaultValue={digits(range[end])}
            onBlur={(event) => set(end, event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") set(end, event.currentTarget.value);
            }}
          />
        ))}
        <Button
          look="link"
          disabled={bridge.choices.range === null}
          onClick={() => bridge.choose({ range: null })}
        >
          Reset
        </Button>
      </span>
    </Row>
  );
}
