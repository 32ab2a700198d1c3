import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Bridge } from "../bridge";
import type { TrayState } from "./useTray";
import { count, fileName, plural } from "../words";
import { Close, SheetIcon } from "../parts/Icons";
import { SmallImage } from "../../../web/shared/ui/SmallImage";

const HOW =
  "Collect what is missing as you find it: click the plus on an image, or “Add to Visual Spec” for a " +
  "whole result. Export the tray as one collection guide.";

/** What the next Visual Spec will ask for, gathered over several clicks; always in sight. */
export function Tray(props: {
  bridge: Bridge;
  tray: TrayState;
  /** Ask the sphere about a sample: where was it, and among whom? */
  ask(id: string): void;
}): React.ReactElement {
  const { bridge, tray, ask } = props;
  const list = React.useRef<HTMLUListElement>(null);
  // One stop for the Tab key, however full the tray is; the arrows move inside it.
  const [at, setAt] = React.useState(0);
  const current = Math.min(at, tray.ids.length - 1);

  const focus = (index: number): void => {
    const next = Math.max(0, Math.min(index, tray.ids.length - 1));
    setAt(next);
    list.current?.querySelectorAll<HTMLElement>('[data-cy="gs-held"]')[next]?.focus();
  };
  const taken = React.useRef<number | null>(null);
  const take = (index: number): void => {
    taken.current = index;
    tray.remove(tray.ids[index]);
  };
  // The neighbour moves up into the gap; when the list is empty there is nothing to hold on to.
  React.useLayoutEffect(() => {
    if (taken.current !== null) focus(taken.current);
    taken.current = null;
  }, [tray.ids]);
  const keys = (event: React.KeyboardEvent, index: number): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) focus(index + step);
    else if (event.key === "Home") focus(0);
    else if (event.key === "End") focus(tray.ids.length - 1);
    else if (event.key === "Delete" || event.key === "Backspace") take(index);
    else return;
    event.preventDefault();
  };

  return (
    <section className="gs-fixed gs-soft gs-tray" aria-label="Visual Spec tray" data-cy="gs-tray">
      <header>
        <SheetIcon />
        <h3>Visual Spec</h3>
        {tray.ids.length ? (
          <>
            <b className="gs-tray-count" data-cy="gs-tray-count" title={plural(tray.ids.length, "candidate")}>
              {count(tray.ids.length)}
            </b>
            <span className="gs-grow" />
            <Button look="primary" onClick={tray.hand}>
              Export …
            </Button>
          </>
        ) : (
          <span className="gs-fine gs-clip" title={HOW}>
            Nothing collected yet
          </span>
        )}
      </header>
      {tray.ids.length ? (
        <ul ref={list} data-cy="gs-tray-list" aria-label={`${count(tray.ids.length)} collected; press Delete to remove one`}>
          {tray.ids.map((id, index) => {
            const card = tray.cards.get(id);
            const name = card ? fileName(card.filepath) : "not on this sphere";
            return (
              <li key={id}>
                <button
                  type="button"
                  className="gs-held"
                  data-cy="gs-held"
                  tabIndex={index === current ? 0 : -1}
                  aria-label={`${name}, ${index + 1} of ${tray.ids.length}: show it on the sphere`}
                  title={card ? `${name}: show it on the sphere` : "Not on this sphere"}
                  aria-disabled={!card}
                  onFocus={() => setAt(index)}
                  onKeyDown={(event) => keys(event, index)}
                  onClick={() => card && ask(id)}
                >
                  {card ? (
                    <SmallImage src={bridge.mediaUrl(card.filepath)} />
                  ) : (
                    <span aria-hidden="true">?</span>
                  )}
                </button>
                <button
                  type="button"
                  className="gs-take"
                  tabIndex={index === current ? 0 : -1}
                  aria-label={`Remove ${name} from the Visual Spec`}
                  title="Remove"
                  onClick={() => take(index)}
                >
                  <Close />
                </button>
              </li>
            );
          })}
        </ul>
      ) : null}
      <footer>
        <p className={tray.error ? "gs-row gs-note gs-note-bad" : "gs-fine"} role={tray.error ? "alert" : "status"}>
          {tray.error ?? tray.notice}
        </p>
        {tray.canUndo ? (
          <Button look="link" onClick={tray.undo} aria-label="Undo the last change to the tray">
            Undo
          </Button>
        ) : null}
        {tray.ids.length ? (
          <Button look="link" onClick={tray.clear} aria-label="Empty the tray">
            Clear
          </Button>
        ) : null}
      </footer>
    </section>
  );
}
