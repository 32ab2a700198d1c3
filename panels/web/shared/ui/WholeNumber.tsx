import * as React from "react";

/** A whole number, taken on Enter or when the field is left, so that typing is never interrupted; never beyond its ends. */
export function WholeNumber(props: {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange(value: number): void;
}): React.ReactElement {
  const [text, setText] = React.useState(String(props.value));
  React.useEffect(() => setText(String(props.value)), [props.value]);
  const take = (): void => {
    const typed = Math.round(parseFloat(text));
    const value = Number.isNaN(typed) ? props.value : Math.min(props.max, Math.max(props.min, typed));
    setText(String(value));
    if (value !== props.value) props.onChange(value);
  };
  return (
    <input
      type="number"
      className="gs-number"
      aria-label={props.label}
      min={props.min}
      max={props.max}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
      }}
    />
  );
}
