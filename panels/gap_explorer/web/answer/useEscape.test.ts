import { describe, expect, it } from "vitest";
import { panelOf } from "./useEscape";

describe("Escape", () => {
  const element = (name: string, inside: object | null): Element => ({ name, closest: () => inside }) as unknown as Element;
  const page = (panels: object[], pointed: object | null) =>
    ({ body, querySelectorAll: () => panels, querySelector: () => pointed }) as unknown as Document;
  const body = element("body", null) as HTMLElement;
  const [one, other] = [element("one", null), element("other", null)];
  it("is meant for the panel it was pressed in", () => {
    expect(panelOf(element("button", one), page([one, other], other))).toBe(one);
    expect(panelOf(element("grid", null), page([one], one))).toBeNull();
  });
  it("on nothing is meant for the only panel, or the one under the pointer", () => {
    expect(panelOf(body, page([one], null))).toBe(one);
    expect(panelOf(body, page([one, other], other))).toBe(other);
    expect(panelOf(body, page([one, other], null))).toBeNull();
  });
});
