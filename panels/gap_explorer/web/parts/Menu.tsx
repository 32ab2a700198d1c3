import * as React from "react";
import { usePopover } from "./usePopover";
import { Dots } from "./Icons";

/** A button that opens a short list of more; what is chosen closes it. */
export function Menu(props: { label: string; children: React.ReactNode }): React.ReactElement {
  const { open, set, close, around } = usePopover<HTMLDivElement>();
  const box = around.ref;
  React.useEffect(() => {
    if (open) box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
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
        <div className="gs-popup gs-menu" role="menu" aria-label={props.label} onClick={close}>
          {props.children}
        </div>
      ) : null}
    </div>
  );
}
