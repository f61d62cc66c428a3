// The shared worker: one hub for all pages of this browser.
import { HubHost, type ToHost } from "./hubhost";
import { startCore } from "./wasm";

const scope = self as unknown as { onconnect: ((event: MessageEvent) => void) | null };
const host = startCore().then(() => new HubHost());

scope.onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  const early: ToHost[] = [];
  port.onmessage = (message: MessageEvent<ToHost>) => early.push(message.data);
  void host.then((hub) => {
    const hear = hub.connect((message) => port.postMessage(message));
    for (const message of early) hear(message);
    port.onmessage = (message: MessageEvent<ToHost>) => hear(message.data);
  });
};
