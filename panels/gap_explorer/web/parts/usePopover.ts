import * as React from "react";

interface Popover<T extends HTMLElement> {
  open: boolean;
  set(open: boolean): void;
  /** Close it and give the button the focus back. */
  close(): void;
  /** What the element around button and popup is given. */
  around: Pick<React.DOMAttributes<T>, "onKeyDown"> & { ref: React.RefObject<T> };
}

/** What a button opens over the panel: a press elsewhere, or Escape, closes it. */
export function usePopover<T extends HTMLElement>(): Popover<T> {
  const [open, setOpen] = React.useState(false);
  const ref = React.useRef<T>(null);
  React.useEffect(() => {
    if (!open) return undefined;
    const outside = (event: PointerEvent): void => {
      if (!ref.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [open]);
  const close = (): void => {
    setOpen(false);
    ref.current?.querySelector("button")?.focus();
  };
  return {
    open,
    set: setOpen,
    close,
    around: {
      ref,
      onKeyDown: (event) => {
        if (event.key !== "Escape" || !open) return;
        event.preventDefault(); // one press closes one thing
        event.stopPropagation();
        close();
      },
    },
  };
}
