import * as React from "react";
import type { Bridge } from "../bridge";
import type { Action, Answer, RunInfo } from "../contract";
import type { AnswerState } from "../hooks/useAnswer";
import { count, fileName, folder, number, percent, plural, sentences, title } from "../words";
import { Check, Close } from "./Icons";

/** The pane beside the sphere: a verdict in words, what can be done, and the images behind it. */
export function Results(props: {
  bridge: Bridge;
  run: RunInfo;
  state: AnswerState;
}): React.ReactElement {
  const { state } = props;
  return (
    <section className="gs-results" aria-label="Results" aria-busy={state.busy}>
      {state.error ? (
        <p className="gs-note gs-note-bad" role="alert">
          {state.error}
        </p>
      ) : null}
      {state.answer ? (
        <AnswerView {...props} answer={state.answer} />
      ) : (
        <Invitation busy={state.busy} />
      )}
    </section>
  );
}

function Invitation(props: { busy: boolean }): React.ReactElement {
  return (
    <div className="gs-invite">
      <h2>{props.busy ? "Looking …" : "Ask the sphere"}</h2>
      <dl>
        <dt>Click a point</dt>
        <dd>that image and its neighbours</dd>
        <dt>Click an empty place</dt>
        <dd>what is missing there, and who in U could fill it</dd>
        <dt>Drag a cap</dt>
        <dd>everything inside it</dd>
      </dl>
      <p>
        <kbd>Alt</kbd> click always asks about the place, <kbd>Shift</kbd> drag always draws a cap.
        <br />
        Drag turns, wheel zooms, right drag moves. With the sphere focused: arrows, <kbd>+</kbd>{" "}
        <kbd>−</kbd> <kbd>0</kbd> and <kbd>Enter</kbd>.
      </p>
    </div>
  );
}

function AnswerView(props: {
  bridge: Bridge;
  run: RunInfo;
  state: AnswerState;
  answer: Answer;
}): React.ReactElement {
  const { answer, state, run } = props;
  const [chosen, setChosen] = React.useState<ReadonlySet<string>>(new Set());
  React.useEffect(() => setChosen(new Set()), [answer]);
  const words = answer.verdict ? sentences(answer.verdict) : null;
  const ids = chosen.size ? [...chosen] : null;
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };

  return (
    <>
      <header className="gs-results-head">
        <h2 title={title(answer)}>{title(answer)}</h2>
        {state.busy ? <span className="gs-spinner" role="status" aria-label="Looking" /> : null}
        <button type="button" className="gs-icon" aria-label="Clear" title="Clear" onClick={state.clear}>
          <Close />
        </button>
      </header>

      {words ? (
        <div className={`gs-verdict gs-${words.tone}`} data-cy="gs-verdict">
          <p className="gs-verdict-line">
            <b className="gs-badge">{words.badge}</b>
            {words.headline}
          </p>
          <p>{words.percentile}</p>
          <p>{words.fill}</p>
          {words.trust ? (
            <p className={`gs-trust gs-trust-${words.trust.level}`}>
              <i aria-hidden="true" />
              {words.trust.text}
            </p>
          ) : null}
          {words.estimated ? <p className="gs-fine">{words.estimated}</p> : null}
        </div>
      ) : null}

      {answer.inside ? (
        <p className="gs-inside" data-cy="gs-inside">
          {plural(answer.inside.S, "sample")} of S, {count(answer.inside.U)} of U,{" "}
          {plural(answer.inside.gaps, "gap")} among them.
        </p>
      ) : null}

      <Actions run={run} total={ids?.length ?? answer.total} chosen={chosen.size} act={(action) => state.act(action, ids)} />
      {state.notice ? (
        <p className="gs-note" role="status">
          <Check /> {state.notice}
        </p>
      ) : null}

      <ol className="gs-cards" data-cy="gs-cards">
        {answer.cards.map((card, rank) => (
          <li key={card.id} className={chosen.has(card.id) ? "gs-chosen" : undefined}>
            <button
              type="button"
              aria-pressed={chosen.has(card.id)}
              aria-label={`${fileName(card.filepath)}, rank ${rank + 1}`}
              onClick={() => toggle(card.id)}
            >
              <span className="gs-thumb">
                <img src={props.bridge.mediaUrl(card.filepath)} alt="" loading="lazy" decoding="async" />
                <span className="gs-rank">{rank + 1}</span>
                {chosen.has(card.id) ? (
                  <span className="gs-tick">
                    <Check />
                  </span>
                ) : null}
                <span className="gs-tags">
                  {card.set ? <b className={`gs-set-${card.set}`}>{card.set}</b> : null}
                  {card.gap ? <b className="gs-gap-tag">GAP</b> : null}
                  {card.pick !== null ? <b className="gs-pick-tag">pick {card.pick}</b> : null}
                </span>
              </span>
              <span className="gs-name" title={card.filepath}>
                {fileName(card.filepath)}
              </span>
              <span className="gs-path" title={card.filepath}>
                {folder(card.filepath)}
              </span>
              <span className="gs-figures">
                {card.dist_to_S !== null ? (
                  <span title={card.percentile !== null ? `percentile ${percent(card.percentile)} within S` : undefined}>
                    to S <b>{number(card.dist_to_S)}</b>
                  </span>
                ) : null}
                {card.distance !== null ? (
                  <span>
                    here <b>{number(card.distance)}</b>
                  </span>
                ) : null}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {answer.total > answer.cards.length ? (
        <p className="gs-fine">
          The {count(answer.cards.length)} nearest to the centre; actions take all {count(answer.total)}.
        </p>
      ) : null}
    </>
  );
}

function Actions(props: {
  run: RunInfo;
  total: number;
  chosen: number;
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
  const what = props.chosen ? `${count(props.chosen)} chosen` : `all ${count(props.total)}`;

  return (
    <div className="gs-actions" role="group" aria-label={`Actions on ${what}`}>
      <span className="gs-actions-what">{what}</span>
      <button type="button" onClick={() => act({ kind: "show" })} title="Narrow the grid to these">
        Show in grid
      </button>
      <button type="button" onClick={() => act({ kind: "select" })} title="Select them in the grid">
        Select
      </button>
      <button type="button" aria-expanded={form === "tag"} onClick={() => open("tag")}>
        Tag
      </button>
      <button type="button" aria-expanded={form === "save_view"} onClick={() => open("save_view")}>
        Save view
      </button>
      {run.operators.compute_heatmaps ? (
        <button type="button" onClick={() => act({ kind: "heatmap" })}>
          Heatmap
        </button>
      ) : null}
      {run.operators.export_visual_spec ? (
        <button type="button" onClick={() => act({ kind: "spec" })}>
          Visual Spec
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
