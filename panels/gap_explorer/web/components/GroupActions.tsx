import * as React from "react";
import { Button } from "../../../web/shared/controls";
import type { Action, Group } from "../contract.gen";
import { sameGroup } from "../groups";
import type { OverviewState } from "../hooks/useOverview";
import type { TrayState } from "../hooks/useTray";
import { count } from "../words";

/** What can be done with a group of samples: grid, tag, saved view, Visual Spec, each a click. */
export function GroupActions(props: {
  state: OverviewState;
  group: Group;
  images: number;
  /** The tag and the name of a view that are proposed. */
  tag: string;
  tray: TrayState | null;
}): React.ReactElement {
  const { state, group, images, tray } = props;
  const [form, setForm] = React.useState<"tag" | "save_view" | null>(null);
  const [text, setText] = React.useState(props.tag);
  const field = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => field.current?.select(), [form]);
  const act = (action: Action): void => {
    void state.act(action, group).then((reply) => {
      if (reply?.ids) tray?.add(reply.ids, reply.owned);
    });
  };
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const name = text.trim();
    if (!name || !form) return;
    act(form === "tag" ? { kind: "tag", tag: name } : { kind: "save_view", name });
    setForm(null);
  };
  const open = (kind: "tag" | "save_view"): void => setForm(form === kind ? null : kind);
  const what = `all ${count(images)}`;
  return (
    <>
      <div className="gs-actions" role="group" aria-label={`Actions on ${what}`}>
        <div className="gs-row gs-wrap">
          <button type="button" title={`Show only ${what} in the grid`} onClick={() => act({ kind: "show" })}>
            Show in grid
          </button>
          <button type="button" aria-expanded={form === "tag"} onClick={() => open("tag")}>
            Tag
          </button>
          <button type="button" aria-expanded={form === "save_view"} onClick={() => open("save_view")}>
            Save view
          </button>
          {tray ? (
            <button type="button" title={`Add ${what} to the tray below`} onClick={() => act({ kind: "collect" })}>
              Add to Visual Spec
            </button>
          ) : null}
        </div>
        {form ? (
          <form onSubmit={submit}>
            <input
              ref={field}
              type="text"
              aria-label={form === "tag" ? "Tag" : "Name of the view"}
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
      <Done state={state} group={group} />
    </>
  );
}

/** What the last action on a group did, and the way back. */
export function Done(props: { state: OverviewState; group: Group }): React.ReactElement | null {
  const { done, act } = props.state;
  if (!done || !sameGroup(done.group, props.group)) return null;
  return (
    <p className={done.failed ? "gs-row gs-note gs-note-bad" : "gs-row gs-note"} role={done.failed ? "alert" : "status"}>
      <span>{done.message}</span>
      {done.undo ? (
        <Button look="link" onClick={() => void act({ kind: "untag" }, props.group)}>
          Undo
        </Button>
      ) : null}
    </p>
  );
}
