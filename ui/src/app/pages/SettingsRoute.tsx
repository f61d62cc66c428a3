// The settings, whose code comes behind the first frame of the page: nobody begins with them.
import { lazy, Suspense, type ComponentType } from "react";
import { Empty, Skeleton } from "../../ui/Small";

let here: ComponentType | null = null;

async function load(): Promise<{ default: ComponentType }> {
  try {
    here = (await import("./SettingsPage")).SettingsPage;
    return { default: here };
  } catch {
    return { default: Missing };
  }
}

const Awaited = lazy(load);

/** Fetches them while nothing else is to be done, so that they are drawn in the commit that asks for them. */
export function prepareSettings(): void {
  void load();
}

export function SettingsRoute() {
  const Here = here;
  if (Here) return <Here />;
  return (
    <Suspense fallback={<Skeleton lines={8} />}>
      <Awaited />
    </Suspense>
  );
}

function Missing() {
  return <Empty title="The settings could not be loaded">The server did not answer. Reload the page when it is back.</Empty>;
}
