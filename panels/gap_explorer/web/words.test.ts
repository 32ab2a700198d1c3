import { describe, expect, it } from "vitest";
import type { Verdict } from "./contract.gen";
import {
  collected,
  fileName,
  folder,
  percent,
  plainly,
  plural,
  sentences,
  title,
  trustLevel,
} from "./words";

const verdict: Verdict = {
  estimated: true,
  owned: false,
  distance: 0.412,
  percentile: 99.7,
  delta: 0.3,
  metric: "cosine",
  gap: true,
  candidates: 12,
  looked_at: 50,
  nearest_candidate: 0.1,
  trust: 0.62,
  trust_k: 30,
};

describe("sentences", () => {
  it("say GAP, by how much, and that U can fill it", () => {
    const words = sentences(verdict);
    expect(words.badge).toBe("GAP");
    expect(words.headline).toBe("0.412 from S, 0.112 beyond δ (0.300)");
    expect(words.fill).toContain("U can fill it: 12 of the 50");
    expect(words.estimated).toMatch(/^Estimated/);
  });
  it("send a car out where U has nothing", () => {
    expect(sentences({ ...verdict, candidates: 0 }).fill).toContain("wants new recordings");
    expect(sentences({ ...verdict, candidates: 0, looked_at: 0 }).fill).toContain("U is empty");
  });
  it("say covered, and by how much within δ", () => {
    const words = sentences({ ...verdict, gap: false, distance: 0.2, candidates: 0, estimated: false });
    expect(words.badge).toBe("Covered");
    expect(words.headline).toBe("0.200 from S, 0.100 within δ (0.300)");
    expect(words.fill).toContain("S covers this place");
    expect(words.estimated).toBeNull();
  });
  it("measure an owned image against the rest of S", () => {
    expect(sentences({ ...verdict, owned: true }).headline).toContain("from the rest of S");
  });
  it("warn of an artefact of the projection", () => {
    expect([0.9, 0.5, 0.3, 0.1].map(trustLevel)).toEqual(["supported", "supported", "weak", "artefact"]);
    expect(sentences({ ...verdict, trust: 0.1 }).trust?.text).toContain("artefact of the projection");
    expect(sentences({ ...verdict, trust: null }).trust).toBeNull();
  });
  it("do not say that a percentile of 100 is farther than itself", () => {
    expect(sentences({ ...verdict, percentile: 100 }).percentile).toContain("Farther than any image of S");
    expect(sentences({ ...verdict, percentile: 0 }).percentile).toContain("Nearer than any image of S");
  });
});

describe("percent", () => {
  it("never rounds to all or to nothing", () => {
    expect([99.97, 99.96, 0.01, 0, 100].map(percent).map((s) => s.replace(/\s/, " "))).toEqual([
      "99.9 %",
      "99.9 %",
      "0.1 %",
      "0 %",
      "100 %",
    ]);
  });
});

it("headings and paths", () => {
  const base = { stamp: "", total: 1234, inside: null, verdict: null, highlight: "", ms: 0, cards: [] };
  expect(title({ ...base, query: { kind: "cap", direction: [0, 0, 1], angle: 0.4 } })).toBe(
    "1,234 samples inside a 23° cap",
  );
  expect(title({ ...base, query: { kind: "place", direction: [0, 0, 1] } })).toBe("An empty place");
  expect(fileName("/a/b/c.png")).toBe("c.png");
  expect(fileName("C:\\a\\c.png")).toBe("c.png");
  expect(folder("/a/b/c/d/e.png")).toBe("…/b/c/d");
  expect(folder("/a/e.png")).toBe("/a");
  expect(plural(1, "sample")).toBe("1 sample");
  expect(plural(2000, "sample")).toBe("2,000 samples");
});

describe("what became of samples for the tray", () => {
  const all = { added: 5, already: 0, over: 0, owned: 0, room: 1000 };
  it("tells each reason for which one is not in it", () => {
    expect(collected(all)).toBe("5 added.");
    expect(collected({ ...all, already: 2, owned: 1, over: 1200 })).toBe(
      "5 added, 2 in the tray already, 1 left out, S has it, 1,200 too many: a tray holds 1,000.",
    );
  });
});

describe("a lost request", () => {
  it("is told in words that help, and a sentence of ours as it is", () => {
    expect(plainly("Failed to fetch")).toContain("still running");
    expect(plainly("Internal Server Error")).toContain("log");
    expect(plainly("Run find_gaps.")).toBe("Run find_gaps.");
  });
});
