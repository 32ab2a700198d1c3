/** A distance or δ: so many decimals, and more where these would all be zero. Below a millionth it is rounding. */
export function decimals(value: number, digits = 3): string {
  const text = value.toFixed(digits);
  return Number(text) || Math.abs(value) < 1e-6 ? text : value.toPrecision(2);
}
