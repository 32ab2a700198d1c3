import * as React from "react";
import type { Server } from "./contract.gen";

/** One line on the server that live clients sample with, and the way to its form. */
export function LiveLine(props: { server: Server | null; open: (() => void) | null }): React.ReactElement {
  const { server, open } = props;
  const state = !server ? "off" : server.sessions === null ? "silent" : "on";
  return (
    <div className="sp-live" data-cy="sp-live" data-state={state}>
      <i aria-hidden="true" />
      <span className="sp-live-text" role="status">
        {server ? (
          <>
            Live server at <code>{server.stream}</code>
            {server.sessions === null
              ? " does not answer"
              : ` · ${server.sessions} ${server.sessions === 1 ? "session" : "sessions"}`}
          </>
        ) : (
          "Live server is not running"
        )}
      </span>
      {open && (
        <button type="button" className="gs-link" data-cy="sp-serve" onClick={open}>
          {server ? "Details, stop …" : "Start …"}
        </button>
      )}
    </div>
  );
}
