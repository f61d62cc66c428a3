// Tells who asked for it that a session was started here, in the commit of the click, before React draws it.

type Heard = (session: string, mid: string) => void;

const heard = new Set<Heard>();

export function onStart(listener: Heard): () => void {
  heard.add(listener);
  return () => heard.delete(listener);
}

export function tellStart(session: string, mid: string): void {
  for (const listener of heard) listener(session, mid);
}
