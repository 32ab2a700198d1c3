/**
 * A made-up run: clusters on the sphere with a hole between them, answers computed from the map
 * alone.  Good enough to look at every state of the panel without a server.
 */

import { MathUtils, Vector3 } from "three";
import type { Bridge } from "../../gap_explorer/web/bridge";
import { PanelError } from "../shared/errors";
import type {
  Answer,
  Card,
  Choices,
  EventName,
  Events,
  PanelData,
  QueryParams,
  Sentences,
} from "../../gap_explorer/web/contract.gen";
import type { Vec3 } from "../../gap_explorer/web/math";

const encode = (array: ArrayBufferView): string => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
};

const normalize = (...at: [number, number, number]): Vec3 => new Vector3(...at).normalize().toArray();

export class Fake {
  readonly xyz: Float32Array;
  readonly owned: Uint8Array;
  readonly dist: Float32Array;
  readonly data: PanelData;
  private readonly n: number;

  constructor(n: number, total = n) {
    this.n = n;
    MathUtils.seededRandom(7);
    const rand = (): number => MathUtils.seededRandom();
    const gauss = (): number =>
      Math.sqrt(-2 * Math.log(rand() + 1e-12)) * Math.cos(2 * Math.PI * rand());
    const centres: { at: Vec3; spread: number; owned: number }[] = [];
    for (let c = 0; c < 26; c++) {
      centres.push({
        at: normalize(gauss(), gauss(), gauss()),
        spread: 0.06 + 0.16 * rand(),
        owned: c % 4 === 0 ? 0 : 0.35 + 0.5 * rand(),
      });
    }
    this.xyz = new Float32Array(n * 3);
    this.owned = new Uint8Array(n);
    this.dist = new Float32Array(n).fill(NaN);
    const bits = new Uint8Array(Math.ceil(n / 8));
    let S = 0;
    for (let i = 0; i < n; i++) {
      const centre = centres[Math.floor(centres.length * rand() ** 1.5)];
      const p = normalize(
        centre.at[0] + centre.spread * gauss(),
        centre.at[1] + centre.spread * gauss(),
        centre.at[2] + centre.spread * gauss(),
      );
      this.xyz.set(p, 3 * i);
      if (rand() < centre.owned) {
        this.owned[i] = 1;
        bits[i >> 3] |= 1 << (i & 7);
        S++;
      } else {
        const far = centre.owned === 0 ? 0.2 + 0.12 * gauss() : 0.08 + 0.045 * gauss();
        this.dist[i] = Math.max(0.004, far);
      }
    }
    const candidates = [...this.dist].filter((d) => !Number.isNaN(d)).sort((a, b) => a - b);
    const max = candidates[candidates.length - 1] ?? 1;
    const table = Float32Array.from({ length: 257 }, (_, i) =>
      candidates.length ? candidates[Math.round((i / 256) * (candidates.length - 1))] : 0,
    );
    const own = Float32Array.from({ length: 101 }, (_, i) => 0.22 * (i / 100) ** 2);
    const delta = 0.215;
    const values = new Uint16Array(n);
    for (let i = 0; i < n; i++) {
      values[i] = Number.isNaN(this.dist[i]) ? 65535 : Math.round((this.dist[i] / max) * 65534);
    }
    const order = [...this.dist.keys()].filter((i) => !this.owned[i]);
    order.sort((a, b) => this.dist[b] - this.dist[a]);
    const picks = Uint32Array.from(order.slice(0, 400).filter((_, i) => i % 13 === 0));
    this.data = {
      status: { kind: "ready" },
      run: {
        dataset: "harness",
        dataset_id: "0",
        brain_key: "gapsphere",
        suffix: "",
        suffixes: [""],
        stamp: `fake-${n}`,
        limit: 50_000,
        total,
        shown: n,
        S: Math.round((S * total) / n),
        U: Math.round(((n - S) * total) / n),
        gaps: Math.round((candidates.filter((d) => d > delta).length * total) / n),
        delta,
        delta_max: max,
        delta_source: "0.99 quantile of leave-one-sequence-out distances in S",
        metric: "cosine",
        quantiles: encode(table),
        own_quantiles: encode(own),
        encoder: "efficientnet-lite0",
        fields: [
          { path: "sequence", kind: "categorical" },
          { path: "time_of_day", kind: "categorical" },
          { path: "kcenter_radius", kind: "numeric" },
        ],
        stale: null,
        operators: { find_gaps: true, compute_heatmaps: true, export_visual_spec: true },
        source: "panel",
      },
      columns: {
        stamp: `fake-${n}`,
        n,
        xyz: encode(this.xyz),
        sets: encode(bits),
        picks: encode(picks),
        dist: { field: "dist_to_S", kind: "numeric", values: encode(values), min: 0, max, classes: [] },
      },
      masks: { stamp: `fake-${n}`, match: null, count: total },
      opened: null,
    };
  }

  id(index: number): string {
    return index.toString(16).padStart(24, "0");
  }

  /** Masks as if a filter kept one side of the sphere. */
  filtered(): PanelData["masks"] {
    const bits = new Uint8Array(Math.ceil(this.n / 8));
    let count = 0;
    for (let i = 0; i < this.n; i++) {
      if (this.xyz[3 * i] < 0.1) continue;
      bits[i >> 3] |= 1 << (i & 7);
      count++;
    }
    return { stamp: `fake-${this.n}`, match: encode(bits), count };
  }

  card(index: number): Card {
    const distance = this.dist[index];
    const known = !Number.isNaN(distance);
    return {
      id: this.id(index),
      index,
      filepath: `/data/drive/images/0016E5_${String(index).padStart(5, "0")}.png`,
      set: this.owned[index] ? "S" : "U",
      dist_to_S: known ? distance : null,
      percentile: known ? Math.min(100, 400 * distance) : null,
      gap: known && distance > 0.215,
      pick: known && index % 97 === 0 ? 1 + (index % 40) : null,
      distance: null,
    };
  }

  ask(params: QueryParams): Answer {
    const { query } = params;
    let at: Vec3;
    if (query.kind === "point") {
      const index = "index" in query ? query.index : 0;
      at = [this.xyz[3 * index], this.xyz[3 * index + 1], this.xyz[3 * index + 2]];
    } else at = query.direction;
    const scored: [number, number][] = [];
    for (let i = 0; i < this.n; i++) {
      const c = this.xyz[3 * i] * at[0] + this.xyz[3 * i + 1] * at[1] + this.xyz[3 * i + 2] * at[2];
      if (query.kind === "cap" ? c >= Math.cos(query.angle) : params.search === "both" || (params.search === "S") === Boolean(this.owned[i])) {
        scored.push([i, c]);
      }
    }
    scored.sort((a, b) => b[1] - a[1]);
    const all = scored.map(([i]) => i);
    const top = all.slice(0, params.k);
    const delta = params.delta ?? 0.215;
    return {
      stamp: params.stamp,
      query,
      cards: top.map((i) => ({ ...this.card(i), distance: 0.05 + 0.3 * (1 - this.dot(i, at)) })),
      total: query.kind === "cap" ? all.length : top.length,
      inside:
        query.kind === "cap"
          ? {
              S: all.filter((i) => this.owned[i]).length,
              U: all.filter((i) => !this.owned[i]).length,
              gaps: all.filter((i) => this.dist[i] > delta).length,
            }
          : null,
      verdict: null,
      words: query.kind === "cap" ? null : this.words(query.kind === "place"),
      highlight: encode(Uint32Array.from(query.kind === "cap" ? all : top)),
      ms: 12,
    };
  }

  private words(estimated: boolean): Sentences {
    return {
      tone: "gap",
      badge: "GAP",
      headline: "0.310 from S, 0.095 beyond δ (0.215)",
      percentile: "Farther than 99.4 % of the images of S are from the rest of S.",
      fill: "U can fill it: 12 of the 50 nearest candidates are closer to it than S and beyond δ.",
      trust: { level: "weak", text: "The sphere is only a rough guide here." },
      estimated: estimated ? "Estimated: the mean of the nearest samples stands for an empty place." : null,
    };
  }

  private dot(i: number, at: Vec3): number {
    return this.xyz[3 * i] * at[0] + this.xyz[3 * i + 1] * at[1] + this.xyz[3 * i + 2] * at[2];
  }

  reply<E extends EventName>(name: E, params: Events[E][0]): unknown {
    const stamp = this.data.run?.stamp;
    switch (name) {
      case "ask":
        return this.ask(params as QueryParams);
      case "card":
        return this.card((params as { index: number }).index);
      case "colour": {
        const { field } = params as { field: string };
        const values = new Uint16Array(this.n);
        const classes = field === "time_of_day" ? ["day", "dusk", "night"] : ["0016E5", "0006R0", "0001TP", "Seq05VD"];
        for (let i = 0; i < this.n; i++) {
          values[i] = field === "kcenter_radius" ? (i * 7919) % 65534 : i % classes.length;
        }
        const numeric = field === "kcenter_radius";
        return {
          stamp,
          field,
          kind: numeric ? "numeric" : "categorical",
          values: encode(values),
          min: 0.11,
          max: 0.62,
          classes: numeric ? [] : classes,
        };
      }
      case "cartesian": {
        const out = new Float32Array(this.n * 3);
        for (let i = 0; i < out.length; i++) out[i] = this.xyz[i] * (6 + 3 * Math.sin(Math.floor(i / 3)));
        return { stamp, xyz: encode(out) };
      }
      case "ids": {
        const bytes = new Uint8Array(this.n * 12);
        const view = new DataView(bytes.buffer);
        for (let i = 0; i < this.n; i++) view.setUint32(12 * i + 8, i);
        return { stamp, ids: encode(bytes) };
      }
      case "delta": {
        const { delta } = params as { delta: number };
        const gaps = this.dist.reduce((sum, d) => sum + (d > delta ? 1 : 0), 0);
        return { delta, gaps, U: this.n, percentile: 99 };
      }
      case "act":
        return { message: "12 samples tagged “gap”." };
      default:
        return {};
    }
  }

  bridge(state: {
    choices: Choices;
    choose: Bridge["choose"];
    data: PanelData;
    selected: readonly string[];
  }): Bridge {
    return {
      ...state,
      call: async (name, params) => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        if ((name as string) === "refuse") throw new PanelError("No.");
        return this.reply(name, params) as never;
      },
      mediaUrl: (path) => picture(path),
      route: () => Promise.reject(new Error("no route here")),
    };
  }
}

/** A road drawn as SVG: something like a driving frame, with no file behind it. */
function picture(path: string): string {
  let hash = 0;
  for (const letter of path) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
  const sky = `hsl(${200 + (hash % 40)} 40% ${30 + (hash % 50)}%)`;
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 90'><rect width='120' height='90' fill='${sky}'/><path d='M0 46h120v44H0z' fill='hsl(100 12% 30%)'/><path d='M${50 + (hash % 9)} 46h8L112 90H8z' fill='#4a4a4d'/><path d='M59 50l1 40' stroke='#ddd' stroke-dasharray='5 4'/><rect x='${66 + (hash % 20)}' y='50' width='13' height='9' rx='2' fill='hsl(${hash % 360} 50% 45%)'/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
