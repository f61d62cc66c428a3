// Parts whose code comes behind the first frame of the page: nobody begins with them.
import { lazy, Suspense, type ComponentType, type ReactNode } from "react";
import { Empty, Skeleton } from "../ui/Small";

/** A part of the page, and what fetches it while nothing else is to be done, so that it is drawn in the commit that asks for it. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>, title: string): [(props: P) => ReactNode, () => void] {
  let here: ComponentType<P> | null = null;
  const fetch = async (): Promise<{ default: ComponentType<P> }> => {
    try {
      here = await load();
      return { default: here };
    } catch {
      return { default: () => <Empty title={title}>The server did not answer. Reload the page when it is back.</Empty> };
    }
  };
  const Awaited = lazy(fetch);
  const Part = (props: P) => {
    const Here = here;
    if (Here) return <Here {...props} />;
    return (
      <Suspense fallback={<Skeleton lines={8} />}>
        <Awaited {...props} />
      </Suspense>
    );
  };
  return [Part, () => void fetch()];
}
