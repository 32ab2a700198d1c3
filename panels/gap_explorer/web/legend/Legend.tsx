import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import { classColour, COLOURED, css, gradient, type Palette } from "../colour/colormap";
import { MISSING, type Column } from "../cloud/columns";
import type { Show } from "../contract.gen";
import type { LegendState } from "./useLegend";
import type { Shown } from "../cloud/useShown";
import { classCounts } from "./classes";
import { count, format } from "../words";
import { Entry } from "./Entry";

/** From this many classes on the list can be searched. */
const SEARCHED_FROM = 13;
/** Rows that a search shows. */
const FOUND_SHOWN = 60;

/** What the points' colours, shapes and rings mean; a click hides, a double or Alt-click shows one alone. */
export function Legend(props: {
  column: Column;
  label: string;
  unit: string;
  palette: Palette;
  dark: boolean;
  range: readonly [number, number] | null;
  shown: Shown;
  state: LegendState;
  choose(patch: { show?: Show; picks?: boolean }): void;
  open: boolean;
  fold(): void;
  /** Gaps among the points shown, and whether they are provisional ones. */
  gaps: number;
  provisional: boolean;
  picks: number;
  picksOn: boolean;
  muted: string;
}): React.ReactElement {
  const { column, shown, state, choose, open } = props;
  const anyHidden =
    state.hidden.size > 0 || state.marks.alone !== null || state.marks.gapsHidden || shown.show !== "both";
  return (
    <section className="gs-legend" data-cy="gs-legend" aria-label="Legend">
      <header className="gs-row">
        <button
          type="button"
          className="gs-bare gs-legend-title"
          aria-expanded={open}
          title={open ? "Fold the legend" : "Show the legend"}
          onClick={props.fold}
        >
          {open ? props.label : "Legend"}
        </button>
        {anyHidden ? (
          <Button
            look="link"
            onClick={() => {
              state.reset();
              choose({ show: "both" });
            }}
          >
            Reset
          </Button>
        ) : null}
      </header>
      {open ? (
        <div className="gs-legend-body">
          {column.kind === "categorical" ? <Classes {...props} /> : <Scale {...props} />}
          <Marks {...props} />
        </div>
      ) : null}
    </section>
  );
}

type Part = React.ComponentProps<typeof Legend>;

/** The classes with most points, the rest as one row; a search finds every one. */
function Classes(props: Part): React.ReactElement {
  const { column, dark, shown, state } = props;
  const [text, setText] = React.useState("");
  React.useEffect(() => setText(""), [column.field]);
  const tally = React.useMemo(() => classCounts(column, shown.keeps), [column, shown]);
  const { classes } = column;
  const wanted = text.trim().toLowerCase();
  const found = classes.map((_, i) => i).filter((i) => classes[i].toLowerCase().includes(wanted));
  const listed = wanted ? found.slice(0, FOUND_SHOWN) : found.slice(0, COLOURED);
  const rest = wanted ? [] : found.slice(COLOURED);
  const entry = (name: string, of: readonly number[], colour: string): React.ReactElement => (
    <Entry
      key={of[0]}
      swatch={<i className="gs-swatch" style={{ background: colour }} />}
      name={name}
      count={of.reduce((sum, one) => sum + (tally.get(one) ?? 0), 0)}
      on={of.some((one) => !state.hidden.has(one))}
      toggle={() => state.toggle(of)}
      solo={() => state.solo(of)}
    />
  );
  return (
    <>
      {classes.length >= SEARCHED_FROM ? (
        <input
          type="search"
          className="gs-legend-search"
          aria-label="Search the legend"
          placeholder={`Search ${count(classes.length)} values`}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      ) : null}
      <ul className="gs-entries gs-classes" data-cy="gs-classes" aria-label={`Values of ${column.field}`}>
        {listed.map((i) => entry(classes[i], [i], css(classColour(i, dark))))}
        {rest.length ? entry(`${count(rest.length)} others`, rest, css(classColour(COLOURED, dark))) : null}
        {!wanted && tally.get(MISSING) ? entry("no value", [MISSING], props.muted) : null}
        {wanted && !found.length ? <li className="gs-fine">No value has “{text.trim()}” in it.</li> : null}
      </ul>
    </>
  );
}

/** A scale bar with its unit; what has no value is an entry of its own. */
function Scale(props: Part): React.ReactElement {
  const { column, palette, dark, shown, state } = props;
  const [low, high] = props.range ?? [column.min, column.max];
  const tally = React.useMemo(() => classCounts(column, shown.keeps), [column, shown]);
  const relative = column.field === "density";
  // Only a candidate has a distance to S: that S has none is no news.
  const without = column.field === "dist_to_S" ? 0 : (tally.get(MISSING) ?? 0);
  return (
    <div className="gs-dim gs-ramp" data-cy="gs-ramp">
      <i style={{ background: gradient(palette, dark) }} aria-hidden="true" />
      <div className="gs-ticks">
        <span>{relative ? "sparse" : format(low)}</span>
        {relative ? null : <span>{format((low + high) / 2)}</span>}
        <span>{relative ? "dense" : format(high)}</span>
      </div>
      {props.unit ? <p className="gs-fine">{props.unit}</p> : null}
      {without ? (
        <ul className="gs-entries">
          <Entry
            swatch={<i className="gs-swatch" style={{ background: props.muted }} />}
            name="no value"
            count={without}
            on={!state.hidden.has(MISSING)}
            toggle={() => state.toggle([MISSING])}
            solo={() => state.solo([MISSING])}
          />
        </ul>
      ) : null}
    </div>
  );
}

/** Shapes, ring and numbers: which set, which gaps, which picks. */
function Marks(props: Part): React.ReactElement {
  const { shown, state, choose } = props;
  const { marks, setMarks } = state;
  // A square without a value has no fill.
  const filled = props.column.field !== "dist_to_S";
  const set = (one: "S" | "U", name: string, points: number): React.ReactElement => {
    const on = shown.show === "both" || shown.show === one;
    const other = one === "S" ? "U" : "S";
    return (
      <Entry
        swatch={<i className={one === "U" ? "gs-mark-u" : filled ? "gs-mark-s" : "gs-mark-s gs-mark-hollow"} />}
        name={name}
        hint={one === "S" ? "The owned set, S" : "The candidates, U"}
        count={on ? points : null}
        on={on}
        toggle={() => choose({ show: on && shown.show === "both" ? other : "both" })}
        solo={() => choose({ show: shown.show === one ? "both" : one })}
      />
    );
  };
  return (
    <ul className="gs-entries gs-marks" data-cy="gs-marks" aria-label="Marks">
      {set("S", "owned", shown.owned)}
      {set("U", "candidates", shown.pool)}
      <Entry
        swatch={<i className={props.provisional ? "gs-mark-gap gs-mark-broken" : "gs-mark-gap"} />}
        name={props.provisional ? "provisional gap" : "gap"}
        hint="A ring: farther from the owned images than δ"
        count={props.gaps}
        on={!marks.gapsHidden && marks.alone !== "pick"}
        toggle={() => setMarks({ alone: null, gapsHidden: !marks.gapsHidden })}
        solo={() => setMarks({ alone: marks.alone === "gap" ? null : "gap", gapsHidden: false })}
      />
      {props.picks > 0 ? (
        <Entry
          swatch={<i className="gs-mark-pick">1</i>}
          name="pick, with its rank"
          hint="What to label next: the first 20 carry their rank"
          count={props.picks}
          on={props.picksOn}
          toggle={() => choose({ picks: !props.picksOn })}
          solo={() => {
            choose({ picks: true });
            setMarks({ alone: marks.alone === "pick" ? null : "pick", gapsHidden: false });
          }}
        />
      ) : null}
    </ul>
  );
}
