import * as React from "react";
import type { Bridge } from "../bridge";
import { encodeBitmask } from "../../../web/shared/wire/columns";
import type { RunInfo } from "../contract.gen";
import { makeFlags } from "../legend/flags";
import type { AnswerState } from "../answer/useAnswer";
import { useCartesian } from "./useCartesian";
import { sceneColour, type ColourState } from "../colour/useColour";
import type { Cloud } from "../cloud/useCloud";
import type { DeltaState } from "../delta/useDelta";
import { useGridSelection } from "../grid/useGridSelection";
import { useLegend } from "../legend/useLegend";
import type { SceneState } from "./useScene";
import type { Shown } from "../cloud/useShown";
import { countInCap, meanDirection, type Vec3 } from "../math";
import type { Path } from "../scene/gestures/gestures";
import { FLAG } from "../scene/marks/shaders";
import type { SceneTheme } from "../../../web/shared/theme/theme";
import { useSize } from "../../../web/shared/hooks/useSize";
import { installTestHook } from "./testHook";
import { isProvisional } from "../verdicts/verdicts";
import { colourName, plural, unitOf } from "../words";
import { Behind } from "./Behind";
import { HoverCard, type Hovered } from "./HoverCard";
import { Home, Minus, Plus } from "../parts/Icons";
import { Legend } from "../legend/Legend";
import { Modes } from "./Modes";

interface CapDrag {
  direction: Vec3;
  angle: number;
  at: [number, number];
}

/** Pixels of height below which the open legend would hide the sphere: there it is folded at first. */
const LEGEND_HEIGHT = 380;

/** The canvas with all that floats over it. */
export function Sphere(props: {
  bridge: Bridge;
  run: RunInfo;
  cloud: Cloud;
  shown: Shown;
  colour: ColourState;
  theme: SceneTheme;
  answers: AnswerState;
  stage: SceneState;
  delta: DeltaState;
  /** Points that are lit while nothing is asked; the others dim. */
  lit: Uint32Array | null;
}): React.ReactElement {
  const { bridge, run, cloud, shown, colour, theme, answers, stage, delta } = props;
  const { choices } = bridge;
  const [box, setBox] = React.useState<HTMLDivElement | null>(null);
  const size = useSize(box);
  const [hovered, setHovered] = React.useState<Hovered | null>(null);
  const [cap, setCap] = React.useState<CapDrag | null>(null);
  const [lasso, setLasso] = React.useState<Path | null>(null);

  const { scene, canvas } = stage;
  stage.events.current = {
    point: (index) => answers.ask({ kind: "point", index }),
    place: (direction) => answers.ask({ kind: "place", direction }),
    cap: (direction, angle) => answers.ask({ kind: "cap", direction, angle }),
    capDrag: setCap,
    lasso: (path) => {
      const rows = scene?.lassoed(path);
      if (rows?.length) answers.ask({ kind: "lasso", mask: encodeBitmask(rows, cloud.n) });
    },
    lassoDrag: setLasso,
    hover: setHovered,
    lost: () => setHovered(null),
  };

  React.useLayoutEffect(() => {
    if (!box || !canvas) return undefined;
    canvas.tabIndex = 0;
    canvas.dataset.cy = "gs-canvas";
    canvas.setAttribute("role", "application");
    box.prepend(canvas);
    return () => canvas.remove();
  }, [box, canvas]);
  const geometry = useCartesian(bridge, cloud);
  const capped = choices.mode === "cap" && geometry.spherical;
  const asks = capped ? "asks about 15° around the middle" : "asks about the middle";
  React.useEffect(() => {
    canvas?.setAttribute(
      "aria-label",
      `Sphere of ${plural(cloud.n, "sample")}. Arrows turn, with Shift they move, plus and minus zoom, 0 resets, Enter ${asks}.`,
    );
  }, [canvas, cloud.n, asks]);

  const grid = useGridSelection(bridge, cloud);
  const provisional = isProvisional(run, delta.atRun ? null : delta.delta);
  const legend = useLegend(colour.column);
  const [unfolded, setUnfolded] = React.useState(false);
  const tight = size.height < LEGEND_HEIGHT;
  const { match } = shown;

  React.useLayoutEffect(() => {
    if (size.width) scene?.resize(size.width, size.height);
  }, [scene, size]);

  React.useEffect(() => scene?.setTheme(theme), [scene, theme]);
  React.useEffect(() => {
    if (scene && geometry.xyz) scene.setPoints(geometry.xyz, geometry.spherical);
  }, [scene, geometry.xyz, geometry.spherical]);
  React.useEffect(() => {
    if (!scene || !colour.column || colour.column.values.length !== cloud.n) return;
    scene.setColour(sceneColour(colour.column, choices.palette, theme.dark, choices.range));
  }, [scene, cloud, colour.column, choices.palette, choices.range, theme.dark]);

  const { show } = choices;
  const { points: hidden, marks } = legend;
  const drawn = React.useMemo(() => {
    const { n, sets, dist, picks } = cloud;
    const gaps = delta.atRun ? cloud.gaps : null;
    return makeFlags(n, { sets, dist, picks, delta: delta.delta, gaps, show, match, hidden, marks });
  }, [cloud, delta.delta, delta.atRun, show, match, hidden, marks]);

  React.useEffect(() => {
    if (!scene || scene.count !== cloud.n) return;
    scene.show({
      flags: drawn.flags,
      lit: props.lit ?? answers.highlight,
      dimsRest: props.lit !== null,
      picks: choices.picks ? cloud.picks : [],
      ranks: cloud.ranks,
      selected: grid.selected,
      opened: grid.opened,
    });
  }, [scene, cloud, geometry.xyz, drawn, choices.picks, answers.highlight, props.lit, grid]);

  React.useEffect(() => scene?.setProvisional(provisional), [scene, provisional]);

  // A free cloud fills the view when it comes; the sphere is looked at from where it was.
  const fills = React.useRef(false);
  React.useEffect(() => {
    if (scene && fills.current !== !geometry.spherical) scene.fill();
    fills.current = !geometry.spherical;
  }, [scene, geometry.spherical]);

  // The first look is at what is missing most: the first pick, or as the sphere lies.
  const faced = React.useRef("");
  React.useEffect(() => {
    if (!scene || faced.current === run.dataset_id || cloud.picks.length === 0) return;
    faced.current = run.dataset_id;
    const first = 3 * cloud.picks[0];
    scene.orbit.face([cloud.xyz[first], cloud.xyz[first + 1], cloud.xyz[first + 2]]);
  }, [scene, cloud, run.dataset_id]);

  React.useEffect(
    () => scene?.setShown({ sphere: choices.sphere, lattice: choices.lattice }),
    [scene, choices.sphere, choices.lattice],
  );
  React.useEffect(() => {
    if (scene) scene.mode = choices.mode;
  }, [scene, choices.mode]);

  const query = answers.answer?.query;
  React.useEffect(() => {
    if (!scene) return;
    if (query?.kind === "cap") scene.setPlace(query);
    // A place has no extent: a small circle says where it was asked.
    else if (query?.kind === "place") scene.setPlace({ direction: query.direction, angle: 0.05 });
    else scene.setPlace(null);
  }, [scene, query]);

  // A drive was not clicked on the sphere: turn to where most of it lies.
  const drive = query?.kind === "drive" ? answers.highlight : null;
  const turned = React.useRef<Uint32Array | null>(null);
  React.useEffect(() => {
    if (!scene || turned.current === drive) return;
    turned.current = drive;
    if (drive?.length) scene.orbit.face(meanDirection(cloud.xyz, drive));
  }, [scene, drive, cloud]);

  React.useEffect(() => {
    if (!scene || !canvas) return undefined;
    return installTestHook(canvas, scene, () => ({
      ready: scene.frames > 0 && scene.count === cloud.n,
      run,
      choices,
      delta: delta.delta,
      gaps: delta.gaps,
      answer: answers.answer,
      busy: answers.busy,
      highlighted: answers.highlight.length,
      lit: props.lit?.length ?? 0,
      selected: grid.selected,
      opened: grid.opened,
      dimmed: match ? cloud.n - match.count() : 0,
      drawn: drawn.flags.reduce((sum, flag) => sum + (flag & FLAG.HIDDEN ? 0 : 1), 0),
      spherical: scene.spherical,
      marks: scene.marked,
      shown: { owned: shown.owned, pool: shown.pool, gaps: drawn.gaps },
    }));
  });

  const inCap =
    cap && geometry.spherical
      ? countInCap(cloud.xyz, cap.direction, cap.angle, (i) =>
          choices.show === "both" ? true : cloud.sets.has(i) === (choices.show === "S"),
        )
      : 0;

  return (
    <div className="gs-column gs-shrink gs-sphere">
      <div className="gs-canvas" ref={setBox}>
        <div className="gs-cross" aria-hidden="true" />
        <div className="gs-hint gs-keys" aria-hidden="true" data-cy="gs-keys">
          Arrows turn · + − zoom · 0 resets · Enter {asks}
        </div>
        <Modes mode={choices.mode} spherical={geometry.spherical} choose={(mode) => bridge.choose({ mode })} />
        <div className="gs-view">
          <button type="button" aria-label="Zoom in" title="Zoom in" onClick={() => scene?.orbit.zoomBy(1.3)}>
            <Plus />
          </button>
          <button type="button" aria-label="Zoom out" title="Zoom out" onClick={() => scene?.orbit.zoomBy(1 / 1.3)}>
            <Minus />
          </button>
          <button type="button" aria-label="Reset the view" title="Reset the view" onClick={() => scene?.fill()}>
            <Home />
          </button>
        </div>
        {lasso ? (
          <svg className="gs-lasso" aria-hidden="true">
            <polygon points={lasso.map((at) => at.join()).join(" ")} />
          </svg>
        ) : null}
        {scene && geometry.spherical ? (
          <Behind scene={scene} xyz={cloud.xyz} selected={grid.selected} lit={props.lit ?? answers.highlight} />
        ) : null}
        {cap ? (
          <div className="gs-nowrap gs-cap" data-cy="gs-cap" style={{ left: cap.at[0] + 14, top: cap.at[1] + 10 }} role="status">
            {Math.round((cap.angle * 180) / Math.PI)}° · {plural(inCap, "point")}
          </div>
        ) : null}
        {colour.busy ? <div className="gs-hint">Reading {choices.colour} …</div> : null}
        {colour.error || geometry.error ? (
          <div className="gs-hint gs-note-bad" role="alert">
            {colour.error ?? geometry.error}
          </div>
        ) : null}
        {colour.column ? (
          <Legend
            column={colour.column}
            label={colourName(colour.column.field)}
            unit={unitOf(colour.column.field, run)}
            palette={choices.palette}
            dark={theme.dark}
            range={choices.range}
            shown={shown}
            state={legend}
            choose={bridge.choose}
            open={tight ? unfolded : choices.legend}
            fold={() => (tight ? setUnfolded(!unfolded) : bridge.choose({ legend: !choices.legend }))}
            gaps={drawn.gaps}
            provisional={provisional}
            picks={cloud.picks.length}
            picksOn={choices.picks}
            muted={theme.muted}
          />
        ) : null}
        <HoverCard
          bridge={bridge}
          run={run}
          stamp={cloud.stamp}
          hovered={cap || lasso ? null : hovered}
          width={size.width}
          height={size.height}
        />
      </div>
    </div>
  );
}

