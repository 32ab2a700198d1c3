import * as React from "react";
import { Button } from "./controls";

interface FaceProps {
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

/** The face of what could not be loaded: why, and to try again. */
export function failedOf(Face: React.FC<FaceProps>): React.FC<{ title: string; message: string; retry(): void }> {
  return function Failed(props) {
    return (
      <Face name="failed" title={props.title}>
        <p role="alert">{props.message}</p>
        <Button look="primary" onClick={props.retry}>Try again</Button>
      </Face>
    );
  };
}
