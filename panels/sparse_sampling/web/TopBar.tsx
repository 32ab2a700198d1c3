import * as React from "react";
import { Button, Segmented } from "../../web/shared/ui/controls";
import { METRICS, type Ready, type Sequence, type SequenceKey } from "./contract.gen";
import type { Choices } from "./useChoices";
import { METRIC, sequenceText } from "./words";

/** Which sequence, and which figure is drawn. */
export function TopBar(props: {
  opened: Ready;
  sequence: Sequence;
  pick(sequence: SequenceKey): void;
  choices: Choices;
  choose(patch: Partial<Choices>): void;
  simulate(): void;
}): React.ReactElement {
  const { opened, sequence, pick, choices, choose, simulate } = props;
  const { sequences, simulations, total, can_run } = opened;
  const suffix = choices.pictures[0] ?? simulations[0].suffix;
  return (
    <div className="gs-row gs-wrap gs-fixed gs-bar">
      <label className="gs-row gs-dim gs-field sp-sequence">
        <span>Sequence</span>
        <select
          data-cy="sp-sequence-select"
          value={sequences.indexOf(sequence)}
          onChange={(event) => pick(sequences[Number(event.target.value)])}
        >
          {sequences.map((one, index) => (
            <option key={`${one.field} ${one.value}`} value={index}>
              {sequenceText(one, suffix)}
            </option>
          ))}
        </select>
      </label>
      {sequences.length < total && (
        <span className="gs-nowrap gs-dim" title="The other sequences are not in the current view">
          {sequences.length} of {total} sequences
        </span>
      )}
      <span className="gs-grow" />
      <Segmented
        label="Metric"
        options={METRICS.map((value) => ({ value, label: METRIC[value].label, title: METRIC[value].axis }))}
        value={choices.metric}
        onChange={(metric) => choose({ metric })}
      />
      {can_run && (
        <Button look="link" data-cy="sp-simulate" onClick={simulate}>Simulate …</Button>
      )}
    </div>
  );
}
