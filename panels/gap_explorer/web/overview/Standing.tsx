import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Choices, RunInfo } from "../contract.gen";
import { atRun, levelWords } from "../verdicts/verdicts";
import { begun } from "../words";

const TONES: Record<RunInfo["basis"], string> = {
  level: "covered",
  given: "unknown",
  kept: "unknown",
  provisional: "provisional",
  none: "unknown",
  unrated: "unknown",
};

/** How sure one may be, in a line that leads to {@link Standing}: in sight however long the list is. */
export function Sure(props: { run: RunInfo; choices: Choices; show(): void }): React.ReactElement {
  const { run, choices } = props;
  const moved = !atRun(run, choices.delta);
  return (
    <button
      type="button"
      className="gs-bare gs-row gs-small gs-sure"
      data-cy="gs-sure"
      title="How sure? What the verdicts are worth"
      onClick={props.show}
    >
      <b className={`gs-badge gs-${moved ? "unknown" : TONES[run.basis]}`}>{moved ? "another δ" : levelWords(run, run.level, true)}</b>
      <span>{moved ? "by distance alone" : run.standing_in_short}</span>
      <span className="gs-link">How sure?</span>
    </button>
  );
}

/** What the verdicts of the run are worth, in sentences, and notices that it came with. */
export function Standing(props: { run: RunInfo; choices: Choices }): React.ReactElement {
  const { run, choices } = props;
  const [open, setOpen] = React.useState(false);
  const [line, cut] = useCut();
  const moved = !atRun(run, choices.delta);
  return (
    <>
      <section
        className="gs-fixed gs-standing"
        data-cy="gs-standing"
        data-basis={run.basis}
        aria-label="What the verdicts are worth"
      >
        <b className={`gs-small gs-badge gs-${TONES[run.basis]}`}>{levelWords(run, run.level, true)}</b>
        <p ref={line} className={open ? undefined : "gs-clamp"}>
          {moved ? <em>You set another δ: gaps are now by distance alone. The run’s own: </em> : null}
          {run.unit ? `${begun(run.unit)}. ` : ""}
          {run.standing}
        </p>
        {cut || open ? (
          <Button look="link" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Less" : "More"}
          </Button>
        ) : null}
      </section>
      {run.notes.map((note) => (
        <p key={note} className="gs-fixed gs-stale gs-run-note" role="note" data-cy="gs-run-note">
          {note}
        </p>
      ))}
    </>
  );
}

/** Whether a clamped line hides some of its text, at its present width. */
function useCut(): [(element: HTMLElement | null) => void, boolean] {
  const [element, setElement] = React.useState<HTMLElement | null>(null);
  const [cut, setCut] = React.useState(false);
  React.useEffect(() => {
    if (!element) return undefined;
    const look = (): void => {
      if (element.classList.contains("gs-clamp")) setCut(element.scrollHeight > element.clientHeight + 1);
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, cut];
}
