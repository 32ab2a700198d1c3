import * as React from "react";

/** A line that says what was done, or why not. */
export function Notice(props: { bad?: boolean; children: React.ReactNode }): React.ReactElement {
  const { bad, children } = props;
  return (
    <p className={bad ? "gs-row gs-note gs-note-bad" : "gs-row gs-note"} role={bad ? "alert" : "status"}>
      {children}
    </p>
  );
}
