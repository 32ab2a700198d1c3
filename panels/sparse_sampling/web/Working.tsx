import * as React from "react";
import { Button } from "../../web/shared/ui/controls";
import type { Bridge } from "./bridge";
import { Chart } from "./chart/Chart";
import { CHUNK, type Ready, type Sequence, type SequenceKey } from "./contract.gen";
import type { Curves } from "./chart/curves";
import { Face, Failed } from "./Faces";
import { GridActions, type Span } from "./chart/GridActions";
import { handleKey } from "./player/keys";
import { hardest } from "./chart/plot";
import { Policies } from "./chart/Policies";
import { PictureRow } from "./pictures/PictureRow";
import { seriesOf } from "./chart/series";
import { TopBar } from "./TopBar";
import { Transport } from "./player/Transport";
import { useCurves } from "./chart/useCurves";
import { useChoices, type Choices } from "./useChoices";
import { usePictures } from "./pictures/usePictures";
import { usePlayer } from "./player/usePlayer";
import { useGridLink } from "./chart/useGridLink";
import { figure, frames, frameText, METRIC, sameSequence, shownText } from "./words";

/** A frame that one stays at this long is where the panel opens next time. */
const REST_MS = 500;

interface Host {
  bridge: Bridge;
  opened: Ready;
  act(work: () => Promise<unknown>): void;
  simulate(): void;
}

/** The panel once there is something to show. */
export function Working(props: Host & { turn: number }): React.ReactElement {
  const { bridge, opened, turn, act } = props;
  const [choices, choose] = useChoices(bridge.dataset);
  const chosen = opened.sequences.find((one) => sameSequence(one, choices.sequence)) ?? opened.sequences[0];
  const state = useCurves(bridge, chosen, turn, choices.frame);
  const { curves } = state;
  const pick = (sequence: SequenceKey): void => choose({ sequence, frame: null });
  useGridLink(bridge, opened, chosen, state, pick);

  const { shown } = opened;
  return (
    <>
      <TopBar {...props} sequence={chosen} pick={pick} choices={choices} choose={choose} />
      {opened.unusable > 0 && (
        <p className="gs-notice" role="status">
          {opened.unusable} more {opened.unusable === 1 ? "simulation is" : "simulations are"} grouped by a field that
          was deleted.
        </p>
      )}
      {shown && (
        <div className="gs-row gs-wrap gs-picked" role="status" data-cy="sp-shown">
          <span>
            The grid shows: <b>{shownText(shown)}</b>
          </span>
          <Button look="step" data-cy="sp-back" onClick={() => act(() => bridge.call("back", {}))}>
            Restore the previous view
          </Button>
        </div>
      )}
      {state.failure ? (
        <Failed title="The curves could not be loaded" message={state.failure} retry={state.retry} />
      ) : curves && sameSequence(state.of, chosen) ? (
        <Sequences
          {...props}
          key={`${chosen.field} ${chosen.value}`}
          sequence={chosen}
          curves={curves}
          at={state.at}
          setAt={state.setAt}
          choices={choices}
          choose={choose}
        />
      ) : (
        <Face name="curves" title="Loading the curves …" busy />
      )}
    </>
  );
}

function Sequences(
  props: Host & {
    sequence: Sequence;
    curves: Curves;
    at: number;
    setAt(at: number): void;
    choices: Choices;
    choose(patch: Partial<Choices>): void;
  },
): React.ReactElement {
  const { bridge, opened, act, sequence, curves, at, setAt, choices, choose } = props;
  const [span, setSpan] = React.useState<Span | null>(null);
  const [zoom, setZoom] = React.useState<Span | null>(null);
  const [notice, setNotice] = React.useState("");
  const slider = React.useRef<HTMLInputElement>(null);
  // Another view has other frames at these places.
  const [known, setKnown] = React.useState(curves.key);
  const same = known === curves.key;
  if (!same) {
    setKnown(curves.key);
    setSpan(null);
    setZoom(null);
  }
  const whole: Span = { start: 0, stop: curves.n };
  const window_ = (same && zoom) || whole;

  const series = seriesOf(opened.simulations, curves, choices.hidden);
  const kept = series.filter((one) => choices.pictures.includes(one.simulation.suffix)).slice(-2);
  const pictured = kept.length ? kept : series.slice(0, 1);
  const suffixes = series.map((one) => one.simulation.suffix);
  const main = pictured[0]?.simulation;

  const columns = ["frame", ...pictured.flatMap(({ simulation: { suffix } }) => [
    `reconstruction:${suffix}`,
    ...(choices.importance || choices.over === "importance" ? [`importance:${suffix}`] : []),
  ])];
  const measured = pictured
    .map((one) => one.simulation)
    .filter((one) => one.measured && choices.over === "pixels")
    .map((one) => one.suffix);
  const pictures = usePictures(bridge, curves, at, suffixes, columns, measured);

  const go = (next: number): void => setAt(Math.min(Math.max(next, 0), curves.n - 1));
  const bounds = (same && span) || window_;
  const { fps } = choices;
  const player = usePlayer({ at, ...bounds, loops: span !== null, fps, ready: pictures.ready, setAt: go });
  const left = curves.numbers[at];
  React.useEffect(() => {
    const timer = window.setTimeout(() => choose({ frame: left }), REST_MS);
    return () => window.clearTimeout(timer);
  }, [left, choose]);

  const idsOf = (places: readonly number[]): string[] => places.map((place) => curves.ids.at(place));
  const open = (place: number): void => act(() => bridge.call("open_sample", { ids: idsOf([place]) }));
  const show = ({ start, stop }: Span): void =>
    act(() => bridge.call("show", { field: sequence.field, value: sequence.value, start, stop }));
  const selectHardest = (): void => {
    const { metric } = choices;
    const { label, lowIsWorse } = METRIC[metric];
    const values = pictured[0].figures[metric];
    const found = hardest(values, lowIsWorse, Math.min(choices.hardest, CHUNK), bounds.start, bounds.stop);
    act(async () => {
      if (!found.length) throw new Error(`No frame here has a value of ${label}.`);
      await bridge.call("select", { ids: idsOf(found) });
      const last = found.length > 6 ? " …" : "";
      const named = found.slice(0, 6).map((place) => frameText(curves.numbers, curves.time, place));
      const side = lowIsWorse ? "lowest" : "highest";
      setNotice(
        `${frames(found.length)} selected in the grid, the ${side} ${label} of ${pictured[0].label}: ` +
          `${named.join(", ")}${last}`,
      );
    });
  };

  const scrub = (next: number): void => {
    player.stop();
    go(next);
  };
  const keys = handleKey({
    at,
    n: curves.n,
    go: scrub,
    toggle: player.toggle,
    mark: (end) =>
      setSpan((now) => {
        const { start, stop } = now ?? window_;
        return end ? { start: Math.min(start, at), stop: at + 1 } : { start: at, stop: Math.max(stop, at + 1) };
      }),
    clear: () => span !== null && (setSpan(null), true),
  });

  return (
    <div className="gs-column sp-scroll" onKeyDown={keys} data-cy="sp-sequence" data-frame={left} data-at={at}>
      {pictures.failure && (
        <p className="gs-row gs-wrap gs-alert" role="alert">
          {pictures.failure}
        </p>
      )}
      <PictureRow {...{ at, curves, sequence, pictured, pictures, choices, choose }} open={() => open(at)} />
      <Transport
        curves={curves}
        at={at}
        player={player}
        slider={slider}
        go={scrub}
        fps={fps}
        setFps={(fps) => choose({ fps })}
        told={series
          .filter((one) => one.on)
          .map((one) => `${one.label} ${figure(choices.metric, one.figures[choices.metric][at])}`)
          .join(", ")}
      />
      <Chart
        curves={curves}
        series={series.filter((one) => one.on)}
        metric={choices.metric}
        order={main?.order ?? null}
        at={at}
        window={window_}
        span={same ? span : null}
        selected={bridge.selected}
        scrub={(next) => {
          scrub(next);
          slider.current?.focus({ preventScroll: true });
        }}
        setSpan={setSpan}
        open={open}
      />
      <GridActions
        curves={curves}
        span={same ? span : null}
        zoomed={zoom !== null}
        notice={notice}
        hardest={choices.hardest}
        setHardest={(many) => choose({ hardest: many })}
        show={() => show(span ?? whole)}
        select={selectHardest}
        open={() => open(at)}
        zoom={() => (setZoom(span), setSpan(null))}
        unzoom={() => setZoom(null)}
        clear={() => setSpan(null)}
      />
      <Policies
        series={series}
        at={at}
        window={bounds}
        resolution={sequence.resolution}
        pictured={pictured.map((one) => one.simulation.suffix)}
        toggle={(suffix) => choose({ hidden: switched(choices.hidden, suffix) })}
        picture={(suffix) => {
          const next = switched(pictured.map((one) => one.simulation.suffix), suffix).slice(-2);
          if (next.length) choose({ pictures: next });
        }}
      />
    </div>
  );
}

/** A list with one more word, or without it where it was there. */
const switched = (words: readonly string[], word: string): string[] =>
  words.includes(word) ? words.filter((one) => one !== word) : [...words, word];
