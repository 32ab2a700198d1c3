import * as React from "react";
import { Swatch } from "./Chart";
import { METRICS, type Metric } from "../contract.gen";
import type { Span } from "./GridActions";
import { Picture } from "../Icons";
import { meanOf } from "./plot";
import type { Series } from "./series";
import { figure, METRIC, shareText } from "../words";

/** The legend and this frame's figures in one: a row a policy. */
export function Policies(props: {
  series: readonly Series[];
  at: number;
  window: Span;
  resolution: readonly [number, number] | null;
  pictured: readonly string[];
  toggle(suffix: string): void;
  picture(suffix: string): void;
}): React.ReactElement {
  const { series, at, window: shown, resolution, pictured, toggle, picture } = props;
  const best = (metric: Metric): number => {
    const values = series.map((one) => one.figures[metric][at]).filter(Number.isFinite);
    if (values.length < 2) return NaN;
    return METRIC[metric].lowIsWorse ? Math.max(...values) : Math.min(...values);
  };
  const bests = Object.fromEntries(METRICS.map((metric) => [metric, best(metric)])) as Record<Metric, number>;
  return (
    <div className="gs-fixed sp-policies">
      <table data-cy="sp-policies">
        <caption className="gs-hidden">Policies: values of this frame, and means over the chart</caption>
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col">PSNR, dB</th>
            <th scope="col" className="sp-wide">
              SSIM
            </th>
            <th scope="col" className="sp-middle">
              Pixels
            </th>
            <th scope="col" className="sp-wide" title="Mean absolute error of the frame, in grey levels of 0 to 255">
              Error
            </th>
            <th scope="col" title="Mean PSNR of the frames in the chart or the selected range">
              Mean, dB
            </th>
            <th scope="col">
              <span className="gs-hidden">Pictures</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {series.map(({ index, simulation: { suffix }, label, figures, on }) => {
            const cell = (metric: Metric): React.ReactElement => {
              const value = figures[metric][at];
              const text = figure(metric, value);
              return value === bests[metric] && metric !== "n_samples" ? <b>{text}</b> : <>{text}</>;
            };
            const seen = pictured.includes(suffix);
            return (
              <tr key={suffix} data-cy="sp-policy" data-on={on}>
                <th scope="row">
                  <label title={on ? `Hide the line of ${label}` : `Show the line of ${label}`}>
                    <input type="checkbox" checked={on} onChange={() => toggle(suffix)} />
                    <Swatch index={index} />
                    <span>{label}</span>
                  </label>
                </th>
                <td>{cell("psnr")}</td>
                <td className="sp-wide">{cell("ssim")}</td>
                <td className="sp-middle">
                  {cell("n_samples")} <span className="gs-dim sp-share">{shareText(figures.n_samples[at], resolution)}</span>
                </td>
                <td className="sp-wide">{cell("reconstruction_error")}</td>
                <td>{figure("psnr", meanOf(figures.psnr, shown.start, shown.stop))}</td>
                <td>
                  <button
                    type="button"
                    className="gs-bare gs-icon sp-eye"
                    aria-pressed={seen}
                    aria-label={`Images of ${label}`}
                    title={seen ? `Images of ${label} are shown` : `Show images of ${label} (at most two policies)`}
                    data-cy="sp-picture"
                    onClick={() => picture(suffix)}
                  >
                    <Picture />
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
