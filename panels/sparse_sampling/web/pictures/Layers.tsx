import * as React from "react";
import { heatColour } from "../../../web/shared/theme/heatColours";

/** An image with its caption; layers fill it, whatever their own size. */
export function Tile(props: {
  size: readonly [number, number];
  caption: React.ReactNode;
  cy: string;
  /** Alone in a column of two rows. */
  tall?: boolean;
  open?(): void;
  children: React.ReactNode;
}): React.ReactElement {
  const { size, caption, cy, tall, open, children } = props;
  return (
    <figure className="sp-tile" data-cy={cy} data-tall={tall}>
      <div
        className="gs-soft sp-stack"
        style={{ aspectRatio: `${size[0]} / ${size[1]}` }}
        title={open ? "Double-click to open the sample" : undefined}
        onDoubleClick={open}
      >
        {children}
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

/** `undefined` means that the file is still being looked up. */
type Source = string | null | undefined;

/** The text shown instead of an image. */
function Missing(props: { what: string; file: boolean }): React.ReactElement {
  return (
    <p className="gs-dim gs-small sp-missing" data-cy="sp-missing">
      {props.file ? `${props.what}: the file is missing` : `${props.what}: none for this frame`}
    </p>
  );
}

/** An image over those before it.  The one before stays until the next can be painted. */
export function Layer(props: {
  src: Source;
  what: string;
  alt: string;
  className?: string;
  /** Show nothing where there is no file. */
  quiet?: boolean;
}): React.ReactElement | null {
  const { src, what, alt, className = "", quiet } = props;
  const [failed, setFailed] = React.useState<string | null>(null);
  const [loaded, setLoaded] = React.useState<string | null>(null);
  const kept = React.useRef(src);
  if (src !== undefined) kept.current = src;
  const shown = kept.current;
  if (shown === null || (shown && failed === shown)) {
    return quiet ? null : <Missing what={what} file={shown !== null} />;
  }
  if (!shown) return null;
  return (
    <img
      className={className}
      src={shown}
      alt={alt}
      draggable={false}
      data-waiting={loaded !== shown || src === undefined}
      onLoad={() => setLoaded(shown)}
      onError={() => setFailed(shown)}
    />
  );
}

/** The frame drawn down to the working resolution. */
export function Coarse(props: { src: Source; size: readonly [number, number]; what: string }): React.ReactElement {
  const { src, size, what } = props;
  const [width, height] = size;
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = React.useState<string | null>(null);
  React.useEffect(() => {
    if (!src) return undefined;
    const image = new Image();
    image.onload = () => {
      const context = canvas.current?.getContext("2d");
      if (!context) return;
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0, width, height);
    };
    image.onerror = () => setFailed(src);
    image.src = src;
    return () => {
      image.onload = null;
      image.onerror = null;
    };
  }, [src, width, height]);
  if (src === null || (src && failed === src)) return <Missing what={what} file={src !== null} />;
  return <canvas ref={canvas} className="sp-coarse sp-grey" width={width} height={height} />;
}

const DOT = [255, 214, 10, 255];

/** Measured pixels, each the pixel of the working resolution that it is. */
export function Dots(props: {
  points: Uint16Array | undefined;
  size: readonly [number, number];
}): React.ReactElement {
  const { points, size } = props;
  const [width, height] = size;
  const canvas = React.useRef<HTMLCanvasElement>(null);
  React.useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !points) return;
    const image = new ImageData(width, height);
    for (let i = 0; i < points.length; i += 2) {
      const x = Math.min(Math.floor((points[i] / 65536) * width), width - 1);
      const y = Math.min(Math.floor((points[i + 1] / 65536) * height), height - 1);
      image.data.set(DOT, 4 * (y * width + x));
    }
    context.putImageData(image, 0, 0);
  }, [points, width, height]);
  return (
    <canvas
      ref={canvas}
      className="sp-coarse"
      width={width}
      height={height}
      role="img"
      aria-label={points ? `${points.length / 2} measured pixels` : "Measured pixels"}
      data-cy="sp-dots"
      data-count={points ? points.length / 2 : undefined}
    />
  );
}

const STOPS = Array.from({ length: 18 }, (_, i) => heatColour(15 * i));
const table = (channel: number): string => STOPS.map((stop) => (stop[channel] / 255).toFixed(4)).join(" ");

/**
 * Colours as the browser's own filters: pixels of pictures from another host cannot be read by a
 * script, but they can be painted.  `sp-heat` maps grey to the heatmaps' colours, `sp-heat-over` also
 * makes the least important transparent, `sp-grey` weighs colours as ITU-R BT.601 does.
 */
export function Filters(): React.ReactElement {
  const coloured = (
    <feComponentTransfer>
      <feFuncR type="table" tableValues={table(0)} />
      <feFuncG type="table" tableValues={table(1)} />
      <feFuncB type="table" tableValues={table(2)} />
    </feComponentTransfer>
  );
  return (
    <svg className="sp-filters" width="0" height="0" aria-hidden="true">
      <filter id="sp-heat" colorInterpolationFilters="sRGB">
        {coloured}
      </filter>
      <filter id="sp-heat-over" colorInterpolationFilters="sRGB">
        <feColorMatrix values="1 0 0 0 0  0 1 0 0 0  0 0 1 0 0  .8 0 0 0 .1" />
        {coloured}
      </filter>
      <filter id="sp-grey" colorInterpolationFilters="sRGB">
        <feColorMatrix values=".299 .587 .114 0 0  .299 .587 .114 0 0  .299 .587 .114 0 0  0 0 0 1 0" />
      </filter>
    </svg>
  );
}
