// Images beside messages (R22): kept in IndexedDB by the hash of their bytes, so that they survive a reload and a time
// without the server; sent from there; shown from there before the server has them. Decides nothing.
import { blob_id } from "#core";
import { Failed, request } from "./api";
import type { AttachedImage, BlobId } from "./generated/types";

const NAME = "qd-blobs";
const STORE = "blobs";
const KEPT_MS = 24 * 60 * 60 * 1000;

type Kept = { blob: Blob; at: number };

/** Where storage refuses, for as long as the page lives. */
const memory = new Map<BlobId, Blob>();
const addresses = new Map<BlobId, Promise<string>>();

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("IndexedDB"));
  });
}

async function within<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      // Only what the transaction ended with is kept.
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB"));
      transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB"));
    });
  } finally {
    db.close();
  }
}

/** Keeps it; it may be named from here on. */
export async function keepBlob(blob: Blob): Promise<BlobId> {
  const id = blob_id(new Uint8Array(await blob.arrayBuffer()));
  try {
    await within("readwrite", (store) => store.put({ blob, at: Date.now() } satisfies Kept, id));
  } catch {
    memory.set(id, blob);
  }
  return id;
}

async function keptBlob(id: BlobId): Promise<Blob | null> {
  try {
    const kept = await within("readonly", (store) => store.get(id) as IDBRequest<Kept | undefined>);
    if (kept !== undefined) return kept.blob;
  } catch {
    // It may be in memory.
  }
  return memory.get(id) ?? null;
}

/** The status of the answer, 0 where there was none; null where nothing is kept under this name. */
export async function putBlob(id: BlobId, mime: string): Promise<number | null> {
  const blob = await keptBlob(id);
  if (blob === null) return null;
  try {
    return (await request(`/blobs/${id}`, { method: "PUT", headers: { "Content-Type": mime }, body: blob })).status;
  } catch {
    return 0;
  }
}

/** Forgets what no entry of the journal and no draft names and has lain for a day: by then the server has it, or never will. */
export async function forgetOldBlobs(): Promise<void> {
  try {
    const named = Object.values(localStorage).join("\n");
    const keys = (await within("readonly", (store) => store.getAllKeys())).map(String);
    for (const id of keys.filter((key) => !named.includes(key))) {
      // One transaction each: what is being attached meanwhile is not held up.
      // oxlint-disable-next-line no-await-in-loop
      const kept = await within("readonly", (store) => store.get(id) as IDBRequest<Kept | undefined>);
      // oxlint-disable-next-line no-await-in-loop
      if (kept !== undefined && Date.now() - kept.at > KEPT_MS) await within("readwrite", (store) => store.delete(id));
    }
  } catch {
    // It is tried again with the next start.
  }
}

/** An address that an `img` can show. */
export function addressOf(image: AttachedImage): Promise<string> {
  if ("data" in image) return Promise.resolve(`data:${image.mime};base64,${image.data}`);
  const known = addresses.get(image.blob);
  if (known !== undefined) return known;
  const made = (async () => URL.createObjectURL((await keptBlob(image.blob)) ?? (await fetchBlob(image.blob))))();
  addresses.set(image.blob, made);
  // Not there yet does not mean never.
  made.catch(() => addresses.delete(image.blob));
  return made;
}

async function fetchBlob(id: BlobId): Promise<Blob> {
  const answer = await request(`/blobs/${id}`);
  if (!answer.ok) throw new Failed(answer.status, `The server answered ${answer.status}.`);
  return answer.blob();
}
