/**
 * Searched words in a text, and the language it is written in.  Both return data: what is shown is
 * made of text nodes, so that a rationale which looks like markup stays text.
 */

interface Piece {
  text: string;
  hit: boolean;
}

/** The words of a search box, each once, longest first, so that "hedgerow" wins over "hedge". */
export function wordsOf(query: string): string[] {
  const words = new Set(query.normalize("NFC").toLowerCase().split(/\s+/u).filter(Boolean));
  return [...words].sort((a, b) => b.length - a.length);
}

/** The text cut where a word begins or ends; joined again, the pieces are the text. */
export function mark(text: string, words: readonly string[]): Piece[] {
  if (!words.length || !text) return text ? [{ text, hit: false }] : [];
  const pattern = new RegExp(words.map(literal).join("|"), "giu");
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > from) pieces.push({ text: text.slice(from, found.index), hit: false });
    pieces.push({ text: found[0], hit: true });
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false });
  return pieces;
}

export const hits = (pieces: readonly Piece[]): number => pieces.filter((one) => one.hit).length;

const literal = (word: string): string => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** Scripts that name their language; Latin and Cyrillic do not. */
const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [/\p{Script=Hangul}/u, "ko"],
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, "ja"],
  [/\p{Script=Han}/u, "zh"],
  [/\p{Script=Hebrew}/u, "he"],
  [/\p{Script=Arabic}/u, "ar"],
  [/\p{Script=Thai}/u, "th"],
  [/\p{Script=Devanagari}/u, "hi"],
  [/\p{Script=Greek}/u, "el"],
];
const SHARE = 0.2;

/** `lang` for a text: fonts, hyphens and screen readers go by it.  Undefined where it is unknown. */
export function languageOf(text: string): string | undefined {
  const letters = text.match(/\p{L}/gu) ?? [];
  for (const [script, language] of SCRIPTS) {
    const own = letters.filter((letter) => script.test(letter)).length;
    // Japanese is mostly Han with some Kana; a foreign word alone makes no language.
    if (own > SHARE * letters.length) return language;
  }
  return undefined;
}
