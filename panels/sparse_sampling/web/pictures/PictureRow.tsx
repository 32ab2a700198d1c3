import * as React from "react";
import { Segmented, Switch } from "../../../web/shared/ui/controls";
import { heatGradient } from "../../../web/shared/theme/heatColours";
import { Swatch } from "../chart/Chart";
import type { Sequence } from "../contract.gen";
import type { Curves } from "../chart/curves";
import { Coarse, Dots, Filters, Layer, Tile } from "./Layers";
import type { Series } from "../chart/series";
import type { Choices } from "../useChoices";
import type { Pictures } from "./usePictures";
import { figure, frameText } from "../words";

const WORKING: [number, number] = [128, 96];

/** The frame, and what one or two policies made of it: a row a policy. */
export function PictureRow(props: {
  at: number;
  curves: Curves;
  sequence: Sequence;
  pictured: readonly Series[];
  pictures: Pictures;
  choices: Choices;
  choose(patch: Partial<Choices>): void;
  open(): void;
}): React.ReactElement {
  const { at, curves, sequence, pictured, pictures, choices, choose, open } = props;
  const size = sequence.resolution ?? WORKING;
  const frame = pictures.url("frame", at);
  const name = `Frame ${frameText(curves.numbers, curves.time, at)}`;
  const maps = pictured.some((one) => one.simulation.importance);
  const measured = pictured.some((one) => one.simulation.measured);
  const overs = [
    "nothing" as const,
    ...(maps ? (["importance"] as const) : []),
    ...(measured ? (["pixels"] as const) : []),
  ];
  const over = overs.find((one) => one === choices.over) ?? "nothing";
  const two = pictured.length > 1;
  const importance = choices.importance && maps;
  const kinds = 2 + Number(importance) + Number(choices.difference);
  return (
    <section aria-label="Pictures of this frame">
      <Filters />
      <div
        className="sp-tiles"
        data-cy="sp-tiles"
        data-kinds={kinds}
        style={{ "--sp-kinds": kinds } as React.CSSProperties}
      >
        {pictured.map((one, row) => {
          const { suffix } = one.simulation;
          const rebuilt = pictures.url(`reconstruction:${suffix}`, at);
          const map = pictures.url(`importance:${suffix}`, at);
          const sign = two ? <Swatch index={one.index} /> : null;
          return (
            <React.Fragment key={suffix}>
              {(row === 0 || over !== "nothing") && (
                <Tile
                  size={size}
                  cy="sp-frame"
                  tall={two && over === "nothing"}
                  open={open}
                  caption={
                    <>
                      {over !== "nothing" && sign}
                      <b>{name}</b>
                    </>
                  }
                >
                  {choices.coarse ? (
                    <Coarse src={frame} size={size} what="The frame" />
                  ) : (
                    <Layer src={frame} what="The frame" alt={name} />
                  )}
                  {over === "importance" && (
                    <Layer
                      src={map}
                      what="Importance"
                      alt={`Importance of ${one.label} over the frame`}
                      className="sp-coarse sp-heat-over"
                      quiet
                    />
                  )}
                  {over === "pixels" && <Dots points={pictures.points(suffix, at)} size={size} />}
                </Tile>
              )}
              <Tile
                size={size}
                cy="sp-reconstruction"
                caption={
                  <>
                    {sign}
                    <span title={`Reconstruction by ${one.label}`}>Reconstruction</span>
                    {Number.isFinite(one.figures.psnr[at]) && (
                      <b className="gs-fixed">{figure("psnr", one.figures.psnr[at])} dB</b>
                    )}
                  </>
                }
              >
                <Layer
                  src={rebuilt}
                  what="The reconstruction"
                  alt={`Reconstruction by ${one.label}`}
                  className="sp-coarse"
                />
              </Tile>
              {importance && (
                <Tile
                  size={size}
                  cy="sp-importance"
                  caption={
                    <>
                      {sign}
                      <span>Importance</span>
                      <i
                        className="sp-scale"
                        role="img"
                        aria-label="Dark is least, bright is most important"
                        title="Least to most important, scaled within each map"
                        style={{ background: heatGradient }}
                      />
                    </>
                  }
                >
                  <Layer
                    src={map}
                    what="Importance"
                    alt={`Importance map of ${one.label}`}
                    className="sp-coarse sp-heat"
                  />
                </Tile>
              )}
              {choices.difference && (
                <Tile
                  size={size}
                  cy="sp-difference"
                  caption={
                    <>
                      {sign}
                      <span title="Absolute difference of frame and reconstruction, times four">Difference × 4</span>
                    </>
                  }
                >
                  <div className="sp-difference">
                    <Coarse src={frame} size={size} what="The frame" />
                    <Layer
                      src={rebuilt}
                      what="The reconstruction"
                      alt={`Difference of frame and reconstruction by ${one.label}`}
                      className="sp-coarse"
                    />
                  </div>
                </Tile>
              )}
            </React.Fragment>
          );
        })}
      </div>
      <div className="gs-row gs-wrap gs-dim gs-small sp-looks" role="group" aria-label="Layers">
        <span className="gs-inline gs-nowrap sp-over">
          <span>Overlay</span>
          <Segmented
            label="Overlay"
            options={overs.map((value) => ({ value, label: OVER[value] }))}
            value={over}
            onChange={(value) => choose({ over: value })}
          />
        </span>
        <Switch
          label="Working resolution"
          hint={`The frame at ${size[0]} × ${size[1]}, the size that is sampled and reconstructed`}
          checked={choices.coarse}
          onChange={(coarse) => choose({ coarse })}
        />
        {maps && (
          <Switch label="Importance" checked={choices.importance} onChange={(importance) => choose({ importance })} />
        )}
        <Switch
          label="Difference"
          hint="Absolute difference of frame and reconstruction, times four"
          checked={choices.difference}
          onChange={(difference) => choose({ difference })}
        />
      </div>
    </section>
  );
}

const OVER = { nothing: "None", importance: "Importance", pixels: "Pixels" } as const;
