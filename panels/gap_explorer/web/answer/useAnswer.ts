import * as React from "react";
import { Outdated, sentence } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import { decodePositions } from "../../../web/shared/wire/columns";
import type { Action, ActionAnswer, Answer, Choices, Query, QueryParams } from "../contract.gen";
import { carried } from "./carry";
import type { Cloud } from "../cloud/useCloud";
import { useLatest } from "../../../web/shared/hooks/useLatest";

export interface AnswerState {
  answer: Answer | null;
  /** Positions lit up, among the points shown. */
  highlight: Uint32Array;
  busy: boolean;
  error: string | null;
  /** What the last action did, in words. */
  notice: string | null;
  /** Counts the person's questions that were answered; the same one asked again by itself is none. */
  told: number;
  ask(query: Query): void;
  /** Resolves with what was done; null when Python refused, which `error` then says. */
  act(action: Action, ids: string[] | null): Promise<ActionAnswer | null>;
  clear(): void;
}

const NOTHING = new Uint32Array(0);

/** Questions to Python and what is done with the answers; only the newest question counts. */
export function useAnswer(bridge: Bridge, cloud: Cloud | null): AnswerState {
  const [answer, setAnswer] = React.useState<Answer | null>(null);
  const [highlight, setHighlight] = React.useState<Uint32Array>(NOTHING);
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState<string | null>(null);
  const [notice, setNotice] = React.useState<string | null>(null);
  const turn = React.useRef(0);
  const live = useLatest(bridge);
  const points = useLatest(cloud);
  const [told, setTold] = React.useState(0);
  const answered = useLatest(answer);
  /** What is asked or answered, of which points, and whether the person waits for it; null where nothing is. */
  const current = React.useRef<{ query: Query; of: Cloud; own: boolean } | null>(null);

  const put = React.useCallback((query: Query, own: boolean) => {
    const target = points.current;
    if (!target) return;
    const { inTurn } = live.current;
    const mine = ++turn.current;
    current.current = { query, of: target, own };
    setBusy(true);
    const params = queryParams(query, target.stamp, live.current.choices);
    inTurn(async () => {
      await live.current.flat();
      return mine === turn.current ? live.current.call("ask", params) : null;
    })
      .then((reply) => {
        if (!reply || mine !== turn.current) return;
        current.current = { query: reply.query, of: target, own: false };
        setAnswer(reply);
        setHighlight(decodePositions(reply.highlight, target.n));
        if (own) setTold((before) => before + 1);
      })
      .catch((reason: unknown) => {
        // Where the analysis is another one by now, it is asked again once that is here.
        if (mine !== turn.current || reason instanceof Outdated) return true;
        const { current: kept } = answered;
        current.current = kept && { query: kept.query, of: target, own: false };
        setError(sentence(reason));
        return false;
      })
      .then((waits) => {
        if (mine === turn.current) setBusy(waits === true);
      });
  }, []);
  /** After something that the person did; what a newer analysis asks again leaves the last words in sight. */
  const anew = React.useCallback((query: Query, own: boolean) => {
    setError(null);
    setNotice(null);
    put(query, own);
  }, [put]);
  const ask = React.useCallback((query: Query) => anew(query, true), [anew]);

  const act = React.useCallback(
    async (action: Action, ids: string[] | null): Promise<ActionAnswer | null> => {
      const target = points.current;
      if (!target || !answer) return null;
      setError(null);
      setNotice(null);
      const params = queryParams(answer.query, target.stamp, live.current.choices);
      try {
        const reply = await live.current.inTurn(() => live.current.call("act", { ...params, action, ids }));
        setNotice(reply.message || null);
        return reply;
      } catch (reason) {
        const again = reason instanceof Outdated ? " It is shown now: do that again." : "";
        setError(sentence(reason) + again);
        return null;
      }
    },
    [answer],
  );

  const giveBack = React.useCallback(() => {
    live.current
      .inTurn(() => live.current.call("clear", {}))
      .catch((reason: unknown) => setError(sentence(reason)));
  }, []);
  const clear = React.useCallback(() => {
    turn.current++;
    current.current = null;
    setAnswer(null);
    setHighlight(NOTHING);
    setBusy(false);
    setError(null);
    setNotice(null);
    giveBack();
  }, [giveBack]);

  // A new run has other positions: an old answer would light up the wrong points.  What was asked is
  // asked again of the new one, also where it was still on its way.
  const shown = React.useRef<Cloud | null>(null);
  React.useEffect(() => {
    const left = shown.current;
    const waiting = current.current;
    shown.current = cloud;
    turn.current++;
    current.current = null;
    setHighlight(NOTHING);
    setBusy(false);
    const same = waiting && cloud && waiting.of.source !== cloud.source ? carried(waiting.query, waiting.of, cloud) : null;
    if (waiting && same) {
      put(same, waiting.own);
      return;
    }
    setAnswer(null);
    setNotice(null);
    if (left?.dataset !== cloud?.dataset) setError(null);
    else if (waiting) giveBack();
  }, [cloud?.stamp]);

  // Choices that change what an answer says ask the same question again, also one on its way.
  const { topK, metric, search, rerank, spread, delta } = bridge.choices;
  const first = React.useRef(true);
  React.useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    // What there is to ask then: by that time the sphere may be another one, or the answer closed.
    const timer = window.setTimeout(() => {
      const { current: now } = current;
      if (now) anew(now.query, now.own);
    }, 250);
    return () => window.clearTimeout(timer);
  }, [topK, metric, search, rerank, spread, delta]);

  return { answer, highlight, busy, error, notice, told, ask, act, clear };
}

function queryParams(query: Query, stamp: string, choices: Choices): QueryParams {
  return {
    query,
    stamp,
    k: choices.topK,
    metric: choices.metric,
    search: choices.search,
    rerank: choices.rerank,
    spread: choices.spread,
    delta: choices.delta,
  };
}
