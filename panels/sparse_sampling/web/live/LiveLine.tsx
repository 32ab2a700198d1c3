import * as React from "react";
import type { Server } from "../contract.gen";

/** One line on the server of live clients: its address and sessions, or the command that starts it. */
export function LiveLine(props: { server: Server | null; command: string }): React.ReactElement {
  const { server, command } = props;
  const state = !server ? "off" : server.sessions === null ? "silent" : "on";
  return (
    <div className="gs-row gs-dim gs-small gs-fixed sp-live" data-cy="sp-live" data-state={state}>
      <i aria-hidden="true" />
      <span className="gs-clip gs-shrink" role="status">
        {server ? (
          <>
            Live server at <code>{server.stream}</code>
            {server.sessions === null
              ? " is not responding"
              : ` · ${server.sessions} ${server.sessions === 1 ? "session" : "sessions"}`}
          </>
        ) : (
          <>
            Live server not running; start it with <code>{command}</code>
          </>
        )}
      </span>
    </div>
  );
}
