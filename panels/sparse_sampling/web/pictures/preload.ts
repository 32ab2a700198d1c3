/** Pictures fetched ahead, so that the next frame is there when it is due. */

/** The part of an image element that matters; tests make their own. */
export interface Fetched {
  src: string;
  complete: boolean;
  onload: ((event: Event) => unknown) | null;
  onerror: unknown;
}

export class Preloader {
  private readonly kept = new Map<string, Fetched>();

  /** Keeps up to `most` pictures, those wanted last. */
  constructor(
    private readonly make: () => Fetched = () => new Image(),
    private readonly most = 160,
  ) {}

  want(urls: readonly string[]): void {
    for (const url of urls) {
      const known = this.kept.get(url);
      this.kept.delete(url);
      const picture = known ?? this.make();
      if (!known) picture.src = url;
      this.kept.set(url, picture);
    }
    for (const url of this.kept.keys()) {
      if (this.kept.size <= this.most) return;
      this.kept.delete(url);
    }
  }

  /** Whether nothing more will come of these: each is there or has failed. */
  settled(urls: readonly string[]): boolean {
    return urls.every((url) => this.kept.get(url)?.complete ?? false);
  }
}
