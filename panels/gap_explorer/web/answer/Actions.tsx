import * as React from "react";
import type { Action, RunInfo } from "../contract.gen";
import { plural } from "../words";
import { Menu } from "../parts/Menu";
import { NameForm, type Naming } from "../parts/NameForm";

/** Of an image asked about: what is done concerns it alone, or those like it as well. */
export type Scope = "one" | "all";

/** What can be done with an answer, or with the images chosen of it: one row, the rest in a menu. */
export function Actions(props: {
  run: RunInfo;
  total: number;
  chosen: number;
  /** Null where there is no choice. */
  scope: Scope | null;
  setScope(scope: Scope): void;
  around: number;
  /** What a tag is called at first. */
  tag: string;
  /** Heatmaps are being made: one such work at a time. */
  busy: boolean;
  act(action: Action): void;
}): React.ReactElement {
  const { act, run, scope } = props;
  const [form, setForm] = React.useState<Naming | null>(null);
  const open = (naming: Naming): void => setForm(form === naming ? null : naming);
  const what = props.chosen ? `${plural(props.chosen, "chosen image")}` : plural(props.total, "image");

  return (
    <div className="gs-actions" role="group" aria-label={`Actions on ${what}`}>
      {scope && !props.chosen ? (
        <select
          aria-label="Actions apply to"
          value={scope}
          onChange={(event) => props.setScope(event.target.value as Scope)}
        >
          <option value="one">This image</option>
          <option value="all">This image and {props.around} like it</option>
        </select>
      ) : (
        <span className="gs-small gs-actions-what">{what}</span>
      )}
      <div className="gs-row">
        {run.operators.export_visual_spec ? (
          <button
            type="button"
            className="gs-first"
            onClick={() => act({ kind: "collect" })}
            title={`Collect ${what} for the Visual Spec`}
          >
            Add to Visual Spec
          </button>
        ) : null}
        <button type="button" aria-expanded={form === "tag"} title={`Tag ${what}`} onClick={() => open("tag")}>
          Tag
        </button>
        <button type="button" onClick={() => act({ kind: "show" })} title={`Show only ${what} in the grid`}>
          Grid
        </button>
        <Menu label="More actions">
          <button type="button" role="menuitem" onClick={() => act({ kind: "select" })}>
            Select in the grid
          </button>
          <button type="button" role="menuitem" onClick={() => open("save_view")}>
            Save view
          </button>
          {run.operators.compute_heatmaps ? (
            <button
              type="button"
              role="menuitem"
              disabled={props.busy}
              onClick={() => act({ kind: "heatmap" })}
              title="What the encoder attended to"
            >
              Heatmap
            </button>
          ) : null}
        </Menu>
      </div>
      {form ? (
        <NameForm
          key={form}
          naming={form}
          proposed={form === "tag" ? props.tag : ""}
          act={act}
          close={() => setForm(null)}
        />
      ) : null}
    </div>
  );
}
