import * as React from "react";

/** How much of the review is done, as a bar and in numbers. */
export function Reviewed(props: { decided: number; total: number; label: string }): React.ReactElement {
  const { decided, total } = props;
  return (
    <div className="gs-row gs-nowrap gr-progress">
      <span
        className="gs-meter"
        role="progressbar"
        aria-label="Reviewed"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={decided}
      >
        <i style={{ width: `${total ? (100 * decided) / total : 0}%` }} />
      </span>
      <span data-cy={props.label}>
        {decided.toLocaleString("en-US")} of {total.toLocaleString("en-US")} reviewed
      </span>
    </div>
  );
}
