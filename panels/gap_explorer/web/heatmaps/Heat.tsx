import * as React from "react";
import type { Bridge } from "../bridge";
import { heatGradient } from "../../../web/shared/theme/heatColours";
import type { HeatState } from "./useHeatmaps";
import { Button, Switch } from "../../../web/shared/ui/controls";
import { Notice } from "../parts/Notice";

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

/** Why heatmaps could not be had; how far their making is stands above the panel, as all work. */
export function HeatFailure(props: { heat: HeatState }): React.ReactElement | null {
  const { error, retry } = props.heat;
  if (!error) return null;
  return (
    <Notice bad>
      <span>{error}</span>
      <Button look="link" onClick={retry}>
        Try again
      </Button>
    </Notice>
  );
}
