import { describe, expect, it } from "vitest";
import { Preloader, type Fetched } from "./preload";

describe("the preloader", () => {
  it("fetches each picture once and forgets those wanted longest ago", () => {
    const made: Fetched[] = [];
    const preloader = new Preloader(() => {
      const picture = { src: "", complete: false, onload: null, onerror: null };
      made.push(picture);
      return picture;
    }, 3);
    preloader.want(["a", "b"]);
    preloader.want(["a", "c"]);
    expect(made.map((one) => one.src)).toEqual(["a", "b", "c"]);
    expect(preloader.settled(["a"])).toBe(false);
    made[0].complete = true;
    expect(preloader.settled(["a"])).toBe(true);
    preloader.want(["d"]);
    preloader.want(["a", "b"]);
    expect(made.map((one) => one.src)).toEqual(["a", "b", "c", "d", "b"]);
  });
});
