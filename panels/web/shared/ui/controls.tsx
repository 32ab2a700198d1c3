import * as React from "react";

interface Option<T extends string> {
  value: T;
  label: string;
  title?: string;
}

/** One of a few, as joined buttons; arrow keys move, as in any radio group. */
export function Segmented<T extends string>(props: {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChange(value: T): void;
  disabled?: boolean;
}): React.ReactElement {
  const { label, options, value, onChange, disabled } = props;
  const group = React.useRef<HTMLDivElement>(null);
  const moved = React.useRef(false);
  // At once, not in the next frame: the person may have gone on to another control by then.
  React.useLayoutEffect(() => {
    if (moved.current) group.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
    moved.current = false;
  }, [value]);
  const move = (event: React.KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = options.findIndex((option) => option.value === value);
    const next = options[(at + step + options.length) % options.length];
    moved.current = true;
    onChange(next.value);
  };
  return (
    <div ref={group} className="gs-soft gs-segmented" role="radiogroup" aria-label={label} onKeyDown={move}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          tabIndex={option.value === value ? 0 : -1}
          title={option.title}
          disabled={disabled}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

export function Switch(props: {
  label: string;
  checked: boolean;
  onChange(checked: boolean): void;
  hint?: string;
}): React.ReactElement {
  return (
    <label className="gs-switch" title={props.hint}>
      <span>{props.label}</span>
      <input
        type="checkbox"
        role="switch"
        checked={props.checked}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      <i aria-hidden="true" />
    </label>
  );
}

const LOOKS = { link: "gs-bare gs-link", step: "gs-step", primary: "gs-primary" };

/** A button: a link in a line, a step among others, or what most people want next. */
export function Button(
  props: React.ButtonHTMLAttributes<HTMLButtonElement> & { look: keyof typeof LOOKS },
): React.ReactElement {
  const { look, ...rest } = props;
  return <button type="button" className={LOOKS[look]} {...rest} />;
}
