import * as React from "react";
import type { Bridge } from "../bridge";
import { heatGradient } from "../../../web/shared/heatColours";
import type { HeatState } from "../hooks/useHeatmaps";
import { count } from "../words";
import { Check } from "./Icons";
import { Switch } from "../../../web/shared/controls";
import { Notice } from "./Notice";

/** The overlay's switch, opacity and legend, where an image shown has a heatmap. */
export function HeatControls(props: { bridge: Bridge; maps: number }): React.ReactElement | null {
  const { choices, choose } = props.bridge;
  if (!props.maps) return null;
  const percent = Math.round(100 * choices.heatOpacity);
  return (
    <div className="gs-row gs-wrap gs-dim gs-small gs-heat-bar" role="group" aria-label="Heatmaps" data-cy="gs-heat-bar">
      <Switch label="Heatmap" checked={choices.heat} onChange={(heat) => choose({ heat })} />
      {choices.heat ? (
        <>
          <label className="gs-row gs-heat-opacity">
            <span>Opacity</span>
            <input
              type="range"
              min={0}
              max={100}
              step={5}
              value={percent}
              aria-label="Heatmap opacity"
              aria-valuetext={`${percent} percent`}
              onChange={(event) => choose({ heatOpacity: Number(event.target.value) / 100 })}
            />
          </label>
          <div className="gs-row gs-heat-legend" title="What the encoder attended to, scaled within each image">
            <span>least</span>
            <i style={{ background: heatGradient }} />
            <span>most attention</span>
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
      <Notice bad>
        {failed}
      </Notice>
    );
  }
  if (!making) return null;
  if (!making.running) {
    return making.message ? (
      <Notice>
        <Check /> {making.message}
      </Notice>
    ) : null;
  }
  const { done, total } = making;
  const words = done ? `${count(done)} of ${count(total)} heatmaps` : "Loading the encoder …";
  return (
    <div className="gs-wrap gs-dim gs-making" data-cy="gs-making">
      <span role="status">{words}</span>
      <button type="button" className="gs-bare gs-link" onClick={stop}>
        Stop
      </button>
      <div
        className="gs-meter"
        role="progressbar"
        aria-label="Computing heatmaps"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <i style={{ width: `${(100 * done) / Math.max(1, total)}%` }} />
      </div>
    </div>
  );
}
