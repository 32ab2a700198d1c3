/**
 * The few pieces of FiftyOne 1.22 that the panel touches.  FiftyOne publishes no types; this is
 * the only place where its shapes are assumed, and the only one that may use `any`.
 */

declare module "@fiftyone/plugins" {
  export enum PluginComponentType {
    Component = 3,
  }
  export function registerComponent(registration: {
    name: string;
    label: string;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    component: React.ComponentType<any>;
    type: PluginComponentType;
    activator: () => boolean;
  }): void;
}

declare module "@fiftyone/operators" {
  export interface EventReply<T> {
    result?: T;
    error?: string | Error;
    errorMessage?: string | Error;
  }
  /** The callback returns false to keep the App's own error page away. */
  export function useTriggerPanelEvent(): <T>(
    uri: string,
    params: object,
    prompt?: boolean,
    callback?: (reply: EventReply<T>) => boolean | void,
  ) => void;
}

declare module "@fiftyone/spaces" {
  export interface SpaceNode {
    id: string;
  }
  export interface SpaceTree {
    findNodeById(id: string): SpaceNode | undefined;
    setNodeActive(node: SpaceNode): void;
  }
  export function useSpaces(id: string): { updateSpaces(change: (tree: SpaceTree) => void): void };
}

declare module "@fiftyone/state" {
  import type { RecoilValue } from "recoil";
  /** Sample id to selection style. */
  export const selectedSamples: RecoilValue<Map<string, string> | Set<string>>;
  export const datasetName: RecoilValue<string | null>;
  /** Counts what asks the App to read samples again: operators, tagging, deleting. */
  export const refresher: RecoilValue<number>;
  /** What the grid shows: stages of the view bar, sidebar filters, what panels add to both. */
  export const view: RecoilValue<unknown[]>;
  export const filters: RecoilValue<unknown>;
  export const extendedStages: RecoilValue<unknown>;
  /** The sample open in the modal. */
  export const nullableModalSampleId: RecoilValue<string | null>;
  export function useClearModal(): () => void;
  export function getSampleSrc(path: string): string;
}

declare module "@fiftyone/utilities" {
  export function getFetchFunction(): <A, R>(
    method: string,
    path: string,
    body?: A,
    result?: "json" | "arrayBuffer",
  ) => Promise<R>;
}

declare module "recoil" {
  export interface RecoilValue<T> {
    readonly key: string;
    readonly __value?: T;
  }
  export function useRecoilValue<T>(value: RecoilValue<T>): T;
}

declare module "*.css?inline" {
  const text: string;
  export default text;
}
