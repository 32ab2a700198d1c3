/** A percentage that is never rounded to none or all while it is neither. */
export function percent(value: number): string {
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value > 99.9 && value < 100) return "> 99.9 %";
  const near = (value > 0 && value < 10) || (value > 99 && value < 100);
  return `${value.toFixed(near ? 1 : 0)} %`;
}
