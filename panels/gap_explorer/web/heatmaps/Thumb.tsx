import * as React from "react";
import { heatPixels, type HeatGrid } from "./grids";
import { SmallImage } from "../../../web/shared/ui/SmallImage";

/** Width of the overlay in pixels: the map is far coarser, a thumbnail hardly wider. */
const OVERLAY_WIDTH = 176;

/** A thumbnail with its heatmap over it, both cut to the same frame. */
export function Thumb(props: {
  src: string;
  heat: HeatGrid | null;
  opacity: number;
}): React.ReactElement {
  const { heat } = props;
  // The map covers the whole image, so its canvas needs the image's own shape.
  const [shape, setShape] = React.useState<number | null>(null);
  const canvas = React.useRef<HTMLCanvasElement>(null);

  React.useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!heat || shape === null || !context) return;
    const { width, height } = context.canvas;
    context.putImageData(new ImageData(heatPixels(heat, width, height), width, height), 0, 0);
  }, [heat, shape]);

  return (
    <>
      <SmallImage src={props.src} onSize={setShape} />
      {heat && shape !== null ? (
        <canvas
          ref={canvas}
          className="gs-heat"
          data-cy="gs-heat"
          aria-hidden="true"
          width={OVERLAY_WIDTH}
          height={Math.max(1, Math.round(OVERLAY_WIDTH * shape))}
          style={{ opacity: props.opacity }}
        />
      ) : null}
    </>
  );
}
