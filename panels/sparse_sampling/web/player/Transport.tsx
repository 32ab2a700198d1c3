import * as React from "react";
import type { Curves } from "../chart/curves";
import { First, Last, Next, Pause, Play, Previous } from "../Icons";
import type { Player } from "./usePlayer";
import { count, frameText } from "../words";

const RATES = [2, 5, 10, 15, 30];

/** A video player's bar. */
export function Transport(props: {
  curves: Curves;
  at: number;
  player: Player;
  slider: React.RefObject<HTMLInputElement>;
  go(at: number): void;
  fps: number;
  setFps(fps: number): void;
  /** The values of this frame, for screen readers. */
  told: string;
}): React.ReactElement {
  const { curves, at, player, slider, go, fps, setFps, told } = props;
  const { n, numbers, time } = curves;
  const frame = frameText(numbers, time, at);
  const button = (
    label: string,
    to: number,
    Icon: () => React.ReactElement,
    cy: string,
  ): React.ReactElement => (
    <button
      type="button"
      className="gs-bare gs-icon"
      aria-label={label}
      title={label}
      data-cy={cy}
      disabled={to === at || to < 0 || to >= n}
      onClick={() => go(to)}
    >
      <Icon />
    </button>
  );
  return (
    <div className="gs-row sp-transport" role="group" aria-label="Frames">
      <span className="sp-buttons">
        {button("First frame (Home)", 0, First, "sp-first")}
        {button("Frame before (←)", at - 1, Previous, "sp-previous")}
        <button
          type="button"
          className="gs-bare gs-icon sp-play"
          aria-label={player.playing ? "Pause (space)" : "Play (space)"}
          title={player.playing ? "Pause (space)" : "Play (space)"}
          data-cy="sp-play"
          data-playing={player.playing}
          onClick={player.toggle}
        >
          {player.playing ? <Pause /> : <Play />}
        </button>
        {button("Next frame (→)", at + 1, Next, "sp-next")}
        {button("Last frame (End)", n - 1, Last, "sp-last")}
      </span>
      <input
        ref={slider}
        className="sp-slider"
        type="range"
        min={0}
        max={n - 1}
        step={1}
        value={at}
        aria-label="Frame"
        aria-valuetext={`Frame ${frame}, ${at + 1} of ${n}. ${told}`}
        data-cy="sp-slider"
        onChange={(event) => go(Number(event.target.value))}
      />
      <span className="gs-nowrap gs-dim sp-place" data-cy="sp-place">
        <b>{frame}</b> {count(at + 1)} / {count(n)}
      </span>
      <label className="gs-row gs-dim gs-field sp-fps" title="Playback speed in frames per second">
        <select value={fps} aria-label="Frames per second" onChange={(event) => setFps(Number(event.target.value))}>
          {RATES.map((rate) => (
            <option key={rate} value={rate}>
              {rate} FPS
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
