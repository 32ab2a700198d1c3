import { describe, expect, it } from "vitest";
import { hits, languageOf, mark, wordsOf } from "./marks";

const joined = (text: string, query: string): string =>
  mark(text, wordsOf(query))
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join("");

describe("mark", () => {
  it("finds each word, whatever its case, and keeps the text's own letters", () => {
    expect(joined("A Hedge by the hedge.", "HEDGE")).toBe("A [Hedge] by the [hedge].");
    expect(joined("field margin", "margin field")).toBe("[field] [margin]");
  });
  it("prefers the longer of two words that begin alike", () => {
    expect(joined("hedgerow and hedge", "hedge hedgerow")).toBe("[hedgerow] and [hedge]");
  });
  it("takes signs for what they are and not for a pattern", () => {
    expect(joined("a.b axb (c", "a.b (c")).toBe("[a.b] axb [(c]");
    expect(joined("1 + 1 = 2?", "+ ?")).toBe("1 [+] 1 = 2[?]");
    expect(joined("a\\b|c^d-e", "\\ | ^ -")).toBe("a[\\]b[|]c[^]d[-]e");
  });
  it("leaves markup text, to the letter", () => {
    const text = `<img src=x onerror="alert(1)"> & </script>`;
    expect(mark(text, wordsOf("img script")).map((piece) => piece.text).join("")).toBe(text);
  });
  it("works in scripts without spaces or case", () => {
    expect(joined("논둑과 얕은 물이 보이므로", "물이")).toBe("논둑과 얕은 [물이] 보이므로");
    expect(joined("湖の近く", "近")).toBe("湖の[近]く");
  });
  it("marks nothing for an empty search, and nothing in an empty text", () => {
    expect(mark("text", wordsOf("   "))).toEqual([{ text: "text", hit: false }]);
    expect(mark("", wordsOf("x"))).toEqual([]);
  });
  it("counts what it marked", () => {
    expect(hits(mark("to be or not to be", wordsOf("to be")))).toBe(4);
  });
});

describe("languageOf", () => {
  it.each([
    ["논둑과 얕은 물이 보이므로 heath보다는", "ko"],
    ["تُظهر الصورة أرضًا رطبة", "ar"],
    ["湖の近くの草地です", "ja"],
    ["湖边的草地", "zh"],
  ])("%s", (text, language) => expect(languageOf(text)).toBe(language));
  it("does not guess where the script does not tell", () => {
    expect(languageOf("A wet meadow")).toBeUndefined();
    expect(languageOf("The word 湖 means lake, as everyone here knows")).toBeUndefined();
    expect(languageOf("12.5 %")).toBeUndefined();
  });
});
