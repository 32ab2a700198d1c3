import * as React from "react";
import { Segmented, Switch } from "../../../gap_explorer/web/src/components/Segmented";
import { heatGradient } from "../../../gap_explorer/web/src/heat";
import { Swatch } from "./Chart";
import type { Sequence } from "./contract";
import type { Curves } from "./curves";
import { Coarse, Dots, Filters, Layer, Tile } from "./Layers";
import type { Series } from "./series";
import type { Choices } from "./useKept";
import type { Pictures } from "./usePictures";
import { figure, frameText } from "./words";

const WORKING: [number, number] = [128, 96];

/** The frame, and what one or two policies made of it. */
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
  const [main] = pictured;
  const maps = pictured.some((one) => one.simulation.importance);
  const two = pictured.length > 1;
  const points = choices.over === "pixels" ? pictures.points(at) : undefined;
  const over = main?.simulation.measured
    ? (["nothing", "importance", "pixels"] as const)
    : (["nothing", "importance"] as const);
  const shown = (over as readonly string[]).includes(choices.over) ? choices.over : "nothing";
  return (
    <section className="sp-pictures" aria-label="Pictures of this frame">
      <Filters />
      <div className="sp-tiles" data-two={two} data-cy="sp-tiles">
        <Tile size={size} caption={<b>{name}</b>} cy="sp-frame" open={open}>
          {choices.coarse ? (
            <Coarse src={frame} size={size} what="The frame" />
          ) : (
            <Layer src={frame} what="The frame" alt={name} />
          )}
          {shown === "importance" && (
            <Layer
              src={pictures.url(`importance:${main.simulation.suffix}`, at)}
              what="Importance"
              alt="Importance over the frame"
              className="sp-coarse sp-heat-over"
              quiet
            />
          )}
          {shown === "pixels" && <Dots points={points} size={size} />}
        </Tile>
        {pictured.map((one) => (
          <Tile
            key={`r${one.simulation.suffix}`}
            size={size}
            cy="sp-reconstruction"
            caption={<Caption series={one} what="Reconstruction" figure={`${figure("psnr", one.figures.psnr[at])} dB`} />}
          >
            <Layer
              src={pictures.url(`reconstruction:${one.simulation.suffix}`, at)}
              what="The reconstruction"
              alt={`Reconstruction by ${one.label}`}
              className="sp-coarse"
            />
          </Tile>
        ))}
        {choices.importance &&
          maps &&
          pictured.map((one) => (
            <Tile
              key={`i${one.simulation.suffix}`}
              size={size}
              cy="sp-importance"
              caption={<Caption series={one} what="Importance" />}
            >
              <Layer
                src={pictures.url(`importance:${one.simulation.suffix}`, at)}
                what="Importance"
                alt={`Importance map of ${one.label}`}
                className="sp-coarse sp-heat"
              />
            </Tile>
          ))}
        {choices.difference &&
          pictured.map((one) => (
            <Tile
              key={`d${one.simulation.suffix}`}
              size={size}
              cy="sp-difference"
              caption={<Caption series={one} what="Difference × 4" />}
            >
              <div className="sp-difference">
                <Coarse src={frame} size={size} what="The frame" />
                <Layer
                  src={pictures.url(`reconstruction:${one.simulation.suffix}`, at)}
                  what="The reconstruction"
                  alt={`Difference of frame and reconstruction by ${one.label}, brightened four times`}
                  className="sp-coarse"
                />
              </div>
            </Tile>
          ))}
      </div>
      <div className="sp-looks" role="group" aria-label="What is shown">
        <span className="sp-over">
          <span>Over the frame</span>
          <Segmented
            label="Over the frame"
            options={over.map((value) => ({ value, label: OVER[value] }))}
            value={shown}
            onChange={(value) => choose({ over: value })}
          />
        </span>
        <Switch
          label="As the loop sees it"
          hint={`The frame at ${size[0]} × ${size[1]}, which is what is sampled and rebuilt`}
          checked={choices.coarse}
          onChange={(coarse) => choose({ coarse })}
        />
        {maps && (
          <Switch label="Importance" checked={choices.importance} onChange={(importance) => choose({ importance })} />
        )}
        <Switch
          label="Difference"
          hint="Frame against reconstruction, brightened four times"
          checked={choices.difference}
          onChange={(difference) => choose({ difference })}
        />
        {maps && (choices.importance || shown === "importance") && (
          <span className="sp-scale" title="Within each map">
            least <i style={{ background: heatGradient }} /> most important
          </span>
        )}
      </div>
    </section>
  );
}

const OVER = { nothing: "Nothing", importance: "Importance", pixels: "Pixels" } as const;

function Caption(props: { series: Series; what: string; figure?: string }): React.ReactElement {
  const { series, what } = props;
  return (
    <>
      <Swatch index={series.index} />
      <span title={series.label}>
        {what}
        {props.figure && <b> {props.figure}</b>}
      </span>
    </>
  );
}
