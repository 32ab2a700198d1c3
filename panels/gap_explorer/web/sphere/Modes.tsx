import * as React from "react";
import { isTyping } from "../../../web/shared/ui/isTyping";
import { useLatest } from "../../../web/shared/hooks/useLatest";
import type { QueryMode } from "../contract.gen";
import { CapIcon, LassoIcon, PlaceIcon, PointIcon } from "../parts/Icons";

interface Mode {
  value: QueryMode;
  label: string;
  hint: string;
  icon: () => React.ReactElement;
  /** It asks about the sphere itself, not about points. */
  spherical?: boolean;
}

const MODES: readonly Mode[] = [
  { value: "point", label: "Point", hint: "Click a point or an empty place", icon: PointIcon },
  {
    value: "place",
    label: "Place",
    hint: "Every click asks about the place, even where points are dense",
    icon: PlaceIcon,
    spherical: true,
  },
  { value: "cap", label: "Cap", hint: "Drag out a cap from its centre", icon: CapIcon, spherical: true },
  { value: "lasso", label: "Lasso", hint: "Draw around points (key L)", icon: LassoIcon },
];

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** What a click or a drag on the points means; L takes the lasso and puts it down. */
export function Modes(props: {
  mode: QueryMode;
  spherical: boolean;
  choose(mode: QueryMode): void;
}): React.ReactElement {
  const { mode, spherical, choose } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const latest = useLatest({ mode, choose });
  React.useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const panel = box.current?.closest(".gs-root");
      const meant = panel?.contains(event.target as Node) || panel?.matches(":hover");
      if (event.key.toLowerCase() !== "l" || !meant || isTyping(event.target)) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      latest.current.choose(latest.current.mode === "lasso" ? "point" : "lasso");
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);

  // As in any group of radio buttons: Tab comes to the chosen one, arrows choose among them.
  const move = (event: React.KeyboardEvent): void => {
    const by = STEPS[event.key];
    if (!by) return;
    event.preventDefault();
    const buttons = [...(box.current?.querySelectorAll<HTMLButtonElement>("button:not(:disabled)") ?? [])];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const next = buttons[(at + by + buttons.length) % buttons.length];
    next?.focus();
    next?.click();
  };

  const isOff = (one: Mode): boolean => Boolean(one.spherical) && !spherical;
  // Tab comes to no button that is off: it would pass the whole group by.
  const stop = MODES.some((one) => one.value === mode && !isOff(one)) ? mode : "point";
  return (
    <div className="gs-modes" role="radiogroup" aria-label="Click mode" ref={box} onKeyDown={move}>
      {MODES.map((one) => {
        const { value, label, hint, icon: ModeIcon } = one;
        const off = isOff(one);
        return (
          <button
            key={value}
            type="button"
            role="radio"
            aria-checked={mode === value}
            tabIndex={stop === value ? 0 : -1}
            aria-label={label}
            disabled={off}
            title={off ? `${label}: only in the spherical projection` : hint}
            onClick={() => choose(value)}
          >
            <ModeIcon />
            <span>{label}</span>
          </button>
        );
      })}
    </div>
  );
}
