import * as React from "react";

export interface FaceProps {
  name: string;
  title: string;
  /** Something is under way: a screen reader says so, and what may turn in the drawing turns. */
  busy?: boolean;
  children?: React.ReactNode;
}

/** Every state without a panel's own content has a face: what is so, and what helps. */
export function faceOf(panel: string, drawing?: React.ReactNode): React.FC<FaceProps> {
  return function Face({ name, title, busy, children }) {
    return (
      <div className="gs-row gs-face" data-cy={`${panel}-face-${name}`} role={busy ? "status" : undefined}>
        {drawing}
        <h2>{title}</h2>
        {children}
      </div>
    );
  };
}
