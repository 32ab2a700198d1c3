import * as React from "react";
import { useKept } from "../../../web/shared/hooks/useKept";
import { useSize } from "../../../web/shared/hooks/useSize";
import type { Space } from "./space";

/** Pixels that the answer and the sphere have at least. */
const LEAST = {
  column: { side: 320, sphere: 280 },
  drawer: { side: 130, sphere: 150 },
};
/** Shares of the panel that the answer takes until the person says otherwise. */
const PLACES = { column: 0.36, drawer: 0.4, open: true };
const STEP = 24;
/** A press that moves less is a click. */
const SLOP = 4;

/**
 * Sphere, δ bar and answer: the answer is a column beside the sphere or a drawer below it, with a
 * handle between that is dragged or moved by the arrow keys.  Its place is the browser's, for all
 * datasets.
 */
export function Split(props: {
  space: Space;
  /** Counts the answers to the person: each opens the drawer. */
  wanted: number;
  sphere: React.ReactNode;
  delta: React.ReactNode;
  side: React.ReactNode;
}): React.ReactElement {
  const { space, wanted } = props;
  const [main, setMain] = React.useState<HTMLElement | null>(null);
  const { width, height } = useSize(main);
  const [places, keep] = useKept("gap_explorer_space", "", PLACES);
  const drawer = space === "drawer";
  const closed = drawer && !places.open;
  const whole = drawer ? height : width;
  const least = LEAST[space];
  const most = Math.max(least.side, whole - least.sphere);
  const within = (pixels: number): number => Math.min(most, Math.max(least.side, pixels));
  const side = within(Math.round(places[space] * whole));

  const put = (pixels: number): void => {
    if (whole) keep({ [space]: within(pixels) / whole, open: true });
  };

  const seen = React.useRef(wanted);
  React.useEffect(() => {
    if (wanted !== seen.current) keep({ open: true });
    seen.current = wanted;
  }, [wanted, keep]);

  const press = React.useRef<{ at: number; side: number; moved: boolean } | null>(null);
  const along = (event: React.PointerEvent): number => (drawer ? event.clientY : event.clientX);
  const keys = (event: React.KeyboardEvent): void => {
    const [more, less] = drawer ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
    if (event.key === more) put(side + STEP);
    else if (event.key === less) put(side - STEP);
    else if (event.key === "Home") put(least.side);
    else if (event.key === "End") put(most);
    else if (drawer && (event.key === "Enter" || event.key === " ")) keep({ open: closed });
    else return;
    event.preventDefault();
  };

  return (
    <div
      className={`gs-main gs-in-${space} ${closed ? "gs-closed" : ""}`}
      data-cy="gs-main"
      data-space={space}
      ref={setMain}
      style={{ "--gs-side": `${side}px` } as React.CSSProperties}
    >
      {props.sphere}
      {props.delta}
      <div
        className="gs-splitter"
        data-cy="gs-splitter"
        role="separator"
        tabIndex={0}
        aria-orientation={drawer ? "horizontal" : "vertical"}
        aria-label={drawer ? "Height of the results; Enter opens and closes them" : "Width of the results"}
        aria-valuemin={least.side}
        aria-valuemax={most}
        aria-valuenow={closed ? 0 : side}
        title={drawer ? "Drag, or click to open and close" : "Drag to resize"}
        onKeyDown={keys}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          press.current = { at: along(event), side: closed ? 0 : side, moved: false };
        }}
        onPointerMove={(event) => {
          const { current } = press;
          if (!current) return;
          const by = current.at - along(event);
          if (!current.moved && Math.abs(by) < SLOP) return;
          current.moved = true;
          put(current.side + by);
        }}
        onPointerUp={() => {
          if (press.current && !press.current.moved && drawer) keep({ open: closed });
          press.current = null;
        }}
        onPointerCancel={() => {
          press.current = null;
        }}
        onDoubleClick={() => {
          if (!drawer) keep({ column: PLACES.column });
        }}
      />
      <div
        className="gs-column gs-shrink gs-answer"
        onClick={(event) => {
          // What peeks out of a closed drawer names its panes: choosing one opens it.
          if (closed && (event.target as Element).closest(".gs-panes")) keep({ open: true });
        }}
      >
        {props.side}
      </div>
    </div>
  );
}
