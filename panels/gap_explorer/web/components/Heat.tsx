import * as React from "react";
import type { Bridge } from "../bridge";
import { heatGradient } from "../../../web/shared/heatColours";
import type { HeatState } from "../hooks/useHeatmaps";
import { count } from "../words";
import { Check } from "./Icons";
import { Switch } from "../../../web/shared/controls";

/** The overlay's switch, opacity and legend, where an image shown has a heatmap. */
export function HeatControls(props: { bridge: Bridge; maps: number }): React.ReactElement | null {
  const { choices, choose } = props.bridge;
  if (!props.maps) return null;
  const percent = Math.round(100 * choices.heatOpacity);
  return (
    <div className="gs-heat-bar" role="group" aria-label="Heatmaps" data-cy="gs-heat-bar">
      <Switch label="Heatmap" checked={choices.heat} onChange={(heat) => choose({ heat })} />
      {choices.heat ? (
        <>
          <label className="gs-heat-opacity">
            <span>Opacity</span>
            <input
              type="range"
              min={0}
              max={100}
              step={5}
              value={percent}
              aria-label="Opacity of heatmaps"
              aria-valuetext={`${percent} percent`}
              onChange={(event) => choose({ heatOpacity: Number(event.target.value) / 100 })}
            />
          </label>
          <div className="gs-heat-legend" title="What the encoder read, within each image">
            <span>least</span>
            <i style={{ background: heatGradient }} />
            <span>most looked at</span>
          </div>
        </>
      ) : null}
    </div>
  );
}

/** How far the making of heatmaps is, with the button that ends it; then what came of it. */
export function HeatProgress(props: { heat: HeatState }): React.ReactElement | null {
  const { making, error, stop } = props.heat;
  const failed = error ?? making?.error;
  if (failed) {
    return (
      <p className="gs-note gs-note-bad" role="alert">
        {failed}
      </p>
    );
  }
  if (!making) return null;
  if (!making.running) {
    return making.message ? (
      <p className="gs-note" role="status">
        <Check /> {making.message}
      </p>
    ) : null;
  }
  const { done, total } = making;
  const words = done ? `${count(done)} of ${count(total)} heatmaps` : "Opening the encoder …";
  return (
    <div className="gs-making" data-cy="gs-making">
      <span role="status">{words}</span>
      <button type="button" className="gs-link" onClick={stop}>
        Stop
      </button>
      <div
        className="gs-progress"
        role="progressbar"
        aria-label="Making heatmaps"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <i style={{ width: `${(100 * done) / Math.max(1, total)}%` }} />
      </div>
    </div>
  );
}
