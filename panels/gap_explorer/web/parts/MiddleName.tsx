import * as React from "react";
import { fileName } from "../words";

/** Letters of a file's name that stay when there is no room: its number and ending. */
const END = 10;

/** A file's name, cut in the middle: frames of one drive differ at the end. */
export function MiddleName(props: { path: string }): React.ReactElement {
  const name = fileName(props.path);
  const at = Math.max(0, name.length - END);
  return (
    <span className="gs-name" title={props.path}>
      <span>{name.slice(0, at)}</span>
      <span>{name.slice(at)}</span>
    </span>
  );
}
