import { describe, expect, it } from "vitest";
import { actionOf, KEY_OF, liesOver } from "./keys";
import { isTyping } from "../../../web/shared/ui/isTyping";
import { scoreText, share } from "../../../web/shared/rationales/words";

describe("actionOf", () => {
  it("knows a key of its own for each action", () => {
    for (const [action, key] of Object.entries(KEY_OF)) expect(actionOf({ key })).toBe(action);
    expect(new Set(Object.values(KEY_OF)).size).toBe(Object.keys(KEY_OF).length);
  });
  it("takes small letters, and the number pad only while it means numbers", () => {
    expect(actionOf({ key: "u" })).toBe("undo");
    expect(actionOf({ key: "1", code: "Numpad1" })).toBe("agree");
    expect(actionOf({ key: "End", code: "Numpad1" })).toBeNull();
  });
  it("goes by the place on the board where the layout has other letters", () => {
    expect(actionOf({ key: "ㅕ", code: "KeyU" })).toBe("undo");
    expect(actionOf({ key: "г", code: "KeyU" })).toBe("undo");
  });
  it("leaves the App's own keys alone", () => {
    const own = ["ArrowLeft", "ArrowRight", "Escape", "c", "f", "j", "p", "r", "s", "x", "z", "+", "-", "?", " "];
    for (const key of own) expect(actionOf({ key })).toBeNull();
  });
  it.each(["ctrlKey", "metaKey", "altKey", "repeat", "isComposing"])("ignores a key with %s", (what) => {
    expect(actionOf({ key: "1", [what]: true })).toBeNull();
  });
});

describe("liesOver", () => {
  const root = {} as Node;
  const inside = (over: object | null): EventTarget => ({ closest: () => over }) as unknown as EventTarget;
  it("leaves its keys to a form or a list that is open over the review", () => {
    expect(liesOver(inside({ contains: () => false }), root)).toBe(true);
  });
  it("is not so of the window that the review is in, nor of the page", () => {
    expect(liesOver(inside({ contains: (one: Node) => one === root }), root)).toBe(false);
    expect([inside(null), {} as EventTarget, null].map((target) => liesOver(target, root))).toEqual([false, false, false]);
  });
});

describe("isTyping", () => {
  it("is true in fields and false on buttons", () => {
    const at = (part: object): boolean => isTyping(part as unknown as EventTarget);
    for (const tagName of ["INPUT", "TEXTAREA", "SELECT"]) expect(at({ tagName })).toBe(true);
    expect(at({ tagName: "DIV", isContentEditable: true })).toBe(true);
    expect(at({ tagName: "BUTTON" })).toBe(false);
    expect(at({ tagName: "INPUT", type: "checkbox" })).toBe(false);
    expect(isTyping(null)).toBe(false);
  });
});

describe("scores", () => {
  it("are read on their scale and never leave it", () => {
    expect(share(7.5, [0, 10])).toBe(0.75);
    expect(share(12, [0, 10])).toBe(1);
    expect(share(3, [3, 3])).toBe(0);
  });
  it("keep the digits they need", () => {
    expect([0.6234, 7.5, 83, 83.25].map(scoreText)).toEqual(["0.623", "7.5", "83", "83.3"]);
  });
});
