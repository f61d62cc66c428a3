// The cached base: one value in IndexedDB, written when idle. Every failure only means a slower next start.
const NAME = "qd";
const STORE = "base";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("IndexedDB"));
  });
}

export async function readBase(): Promise<string | undefined> {
  try {
    const db = await open();
    return await new Promise((resolve) => {
      const asked = db.transaction(STORE).objectStore(STORE).get("base");
      asked.onsuccess = () => resolve(typeof asked.result === "string" ? asked.result : undefined);
      asked.onerror = () => resolve(undefined);
    });
  } catch {
    return undefined;
  }
}

export async function writeBase(text: string): Promise<void> {
  try {
    const db = await open();
    db.transaction(STORE, "readwrite").objectStore(STORE).put(text, "base");
  } catch {
    // The next start takes the snapshot.
  }
}
