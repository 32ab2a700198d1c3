import { expect, it } from "vitest";
import { takingTurns } from "./turns";

/** A call that the test ends. */
function held(name: string, log: string[]): { call: () => Promise<string>; end(error?: Error): void } {
  let end: (error?: Error) => void = () => undefined;
  const over = new Promise<void>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve());
  });
  const call = async (): Promise<string> => {
    log.push(name);
    await over;
    return name;
  };
  return { call, end: (error) => end(error) };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

it("begins a call when the one before it is over, even where that one failed", async () => {
  const log: string[] = [];
  const [slow, bad, quick] = ["slow", "bad", "quick"].map((name) => held(name, log));
  const inTurn = takingTurns();
  quick.end();
  const [first, second, third] = [slow, bad, quick].map(({ call }) => inTurn(call));
  await soon();
  expect(log).toEqual(["slow"]);
  slow.end();
  expect(await first).toBe("slow");
  await soon();
  expect(log).toEqual(["slow", "bad"]);
  bad.end(new Error("refused"));
  await expect(second).rejects.toThrow("refused");
  expect(await third).toBe("quick");
});
