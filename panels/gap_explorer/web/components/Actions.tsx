import * as React from "react";
import type { Action, RunInfo } from "../contract.gen";
import { count } from "../words";

/** What can be done with an answer, or with the images chosen of it. */
export function Actions(props: {
  run: RunInfo;
  total: number;
  chosen: number;
  /** Heatmaps are being made: one such work at a time. */
  busy: boolean;
  act(action: Action): void;
}): React.ReactElement {
  const { act, run } = props;
  const [form, setForm] = React.useState<"tag" | "save_view" | null>(null);
  const [text, setText] = React.useState("");
  const field = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => field.current?.focus(), [form]);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const name = text.trim();
    if (!name || !form) return;
    act(form === "tag" ? { kind: "tag", tag: name } : { kind: "save_view", name });
    setForm(null);
    setText("");
  };
  const open = (kind: "tag" | "save_view"): void => {
    setText(kind === "tag" ? "gap" : "");
    setForm(form === kind ? null : kind);
  };
  const what = props.chosen ? `${count(props.chosen)} selected` : `all ${count(props.total)}`;

  return (
    <div className="gs-row gs-wrap gs-actions" role="group" aria-label={`Actions on ${what}`}>
      <span className="gs-small gs-actions-what">{what}</span>
      <button type="button" onClick={() => act({ kind: "show" })} title="Show only these samples in the grid">
        Show in grid
      </button>
      <button type="button" onClick={() => act({ kind: "select" })} title="Select these samples in the grid">
        Select
      </button>
      <button type="button" aria-expanded={form === "tag"} onClick={() => open("tag")}>
        Tag
      </button>
      <button type="button" aria-expanded={form === "save_view"} onClick={() => open("save_view")}>
        Save view
      </button>
      {run.operators.compute_heatmaps ? (
        <button
          type="button"
          disabled={props.busy}
          onClick={() => act({ kind: "heatmap" })}
          title="Compute heatmaps of what the encoder attended to"
        >
          Heatmap
        </button>
      ) : null}
      {run.operators.export_visual_spec ? (
        <button
          type="button"
          onClick={() => act({ kind: "collect" })}
          title="Add these samples to the tray below"
        >
          Add to Visual Spec
        </button>
      ) : null}
      {form ? (
        <form onSubmit={submit}>
          <input
            ref={field}
            type="text"
            aria-label={form === "tag" ? "Tag" : "Name of the view"}
            placeholder={form === "tag" ? "Tag" : "Name of the view"}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") setForm(null);
            }}
          />
          <button type="submit" className="gs-primary" disabled={!text.trim()}>
            {form === "tag" ? "Add tag" : "Save"}
          </button>
        </form>
      ) : null}
    </div>
  );
}
