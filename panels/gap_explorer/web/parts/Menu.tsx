import * as React from "react";
import { usePopover } from "./usePopover";
import { Dots } from "./Icons";

/** What stands still while its surroundings scroll is in sight: to scroll to it would move them. */
const STILL: FocusOptions = { preventScroll: true };

/** A button that opens a short list of more, above it where there is no room below; what is chosen closes it. */
export function Menu(props: { label: string; children: React.ReactNode }): React.ReactElement {
  const { open, set, close, around } = usePopover<HTMLDivElement>();
  const box = around.ref;
  const [up, setUp] = React.useState(false);
  React.useLayoutEffect(() => {
    const list = open ? box.current?.querySelector("[role=menu]") : null;
    const frame = list?.closest(".gs-results");
    setUp(Boolean(list && frame && list.getBoundingClientRect().bottom > frame.getBoundingClientRect().bottom));
  }, [open, box]);
  React.useEffect(() => {
    if (open) box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus(STILL);
  }, [open]);
  const keys = (event: React.KeyboardEvent<HTMLDivElement>): void => {
    const step = open ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined;
    if (!step) {
      around.onKeyDown?.(event);
      return;
    }
    const items = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="gs-pop" {...around} onKeyDown={keys}>
      <button
        type="button"
        aria-label={props.label}
        title={props.label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => set(!open)}
      >
        <Dots />
      </button>
      {open ? (
        <div className={up ? "gs-popup gs-menu gs-menu-up" : "gs-popup gs-menu"} role="menu" aria-label={props.label} onClick={close}>
          {props.children}
        </div>
      ) : null}
    </div>
  );
}
