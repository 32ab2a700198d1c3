import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import { WholeNumber } from "../../../web/shared/ui/WholeNumber";
import { CHUNK } from "../contract.gen";
import type { Curves } from "./curves";
import { frames, frameText } from "../words";

/** Frames `start` to before `stop`. */
export interface Span {
  start: number;
  stop: number;
}

/** What the panel does to the grid, with all frames or with the range that was drawn. */
export function GridActions(props: {
  curves: Curves;
  span: Span | null;
  zoomed: boolean;
  notice: string;
  hardest: number;
  setHardest(many: number): void;
  show(): void;
  select(): void;
  open(): void;
  zoom(): void;
  unzoom(): void;
  clear(): void;
}): React.ReactElement {
  const { curves, span, zoomed, notice, hardest, setHardest, show, select, open, zoom, unzoom, clear } = props;
  const name = (at: number): string => frameText(curves.numbers, curves.time, at);
  return (
    <div className="gs-row gs-wrap sp-actions" role="group" aria-label="In the grid">
      {span ? (
        <span className="gs-inline gs-wrap gs-dim sp-range" data-cy="sp-range">
          <b>
            {name(span.start)} – {name(span.stop - 1)}
          </b>{" "}
          {frames(span.stop - span.start)}
          <Button look="link" data-cy="sp-zoom" onClick={zoom}>Zoom in</Button>
          <Button look="link" data-cy="sp-clear" title="Escape" onClick={clear}>Clear</Button>
        </span>
      ) : zoomed ? (
        <Button look="link" data-cy="sp-unzoom" onClick={unzoom}>Zoom out</Button>
      ) : (
        <span className="gs-dim gs-small sp-hint" title="Or press I at the first frame and O at the last">
          Shift-drag to select a range
        </span>
      )}
      <span className="gs-grow" />
      <Button look="step" data-cy="sp-open" onClick={open}>Open frame</Button>
      <Button look="step" data-cy="sp-show" onClick={show}>
        {span ? "Show range in grid" : "Show sequence in grid"}
      </Button>
      <span className="sp-hardest">
        <Button look="step" data-cy="sp-select" onClick={select}>Select hardest</Button>
        <WholeNumber label="Number of hardest frames" min={1} max={CHUNK} value={hardest} onChange={setHardest} />
      </span>
      <p className="sp-notice" role="status" aria-live="polite" data-cy="sp-notice">
        {notice}
      </p>
    </div>
  );
}
