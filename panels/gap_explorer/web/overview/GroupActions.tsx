import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Action, Group } from "../contract.gen";
import { sameGroup } from "./groups";
import type { OverviewState } from "./useOverview";
import type { TrayState } from "../tray/useTray";
import { count } from "../words";
import { NameForm, type Naming } from "../parts/NameForm";
import { Notice } from "../parts/Notice";

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
  const [form, setForm] = React.useState<Naming | null>(null);
  const act = (action: Action): void => {
    void state.act(action, group).then((reply) => tray?.take(reply));
  };
  const open = (naming: Naming): void => setForm(form === naming ? null : naming);
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
          <NameForm key={form} naming={form} proposed={props.tag} act={act} close={() => setForm(null)} />
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
    <Notice bad={done.failed}>
      <span>{done.message}</span>
      {done.undo ? (
        <Button look="link" onClick={() => void act({ kind: "untag" }, props.group)}>
          Undo
        </Button>
      ) : null}
    </Notice>
  );
}
