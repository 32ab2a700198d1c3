import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Action } from "../contract.gen";

/** Actions that ask for a name first. */
export type Naming = "tag" | "save_view";

/** Asks for a tag, or for the name of a saved view; Escape takes it away. */
export function NameForm(props: {
  naming: Naming;
  proposed: string;
  act(action: Action): void;
  close(): void;
}): React.ReactElement {
  const { naming, act, close } = props;
  const [text, setText] = React.useState(props.proposed);
  const field = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    field.current?.focus({ preventScroll: true }); // it may stand still while the rest scrolls
    field.current?.select();
  }, []);
  const name = text.trim();
  const label = naming === "tag" ? "Tag" : "Name of the view";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!name) return;
        act(naming === "tag" ? { kind: "tag", tag: name } : { kind: "save_view", name });
        close();
      }}
    >
      <input
        ref={field}
        type="text"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          close();
        }}
      />
      <Button type="submit" look="primary" disabled={!name}>
        {naming === "tag" ? "Add tag" : "Save"}
      </Button>
    </form>
  );
}
