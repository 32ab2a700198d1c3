/** What tests use of React's test renderer, whose types are a package of their own. */
declare module "react-test-renderer" {
  export function act(during: () => Promise<void>): Promise<void>;
  export function create(element: React.ReactElement): {
    update(element: React.ReactElement): void;
    unmount(): void;
    readonly root: { findAllByProps(props: object): { props: { onClick(): void } }[] };
  };
}
