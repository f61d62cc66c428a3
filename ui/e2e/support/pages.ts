// A page of a folder before a real server: files of the folder take the place of the server's own, with its headers;
// everything else passes through.
import { existsSync, readFileSync } from "node:fs";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const KINDS: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
/** What is said of the server's own file. */
const OF_THE_FILE = ["content-encoding", "content-length", "content-type", "etag", "cache-control"];

export class PageServer {
  readonly #server: Server;

  private constructor(
    private readonly folder: string,
    private readonly upstream: string,
  ) {
    this.#server = createServer((asked, answer) => this.#pass(asked, answer));
  }

  static async start(folder: string, upstream: string): Promise<PageServer> {
    const pages = new PageServer(folder, upstream);
    await new Promise<void>((resolve) => pages.#server.listen(0, "127.0.0.1", resolve));
    return pages;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const file = asked.method === "GET" ? this.#file(asked.url ?? "/") : null;
    const [hostname, port] = this.upstream.split(":");
    const onward = request({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers }, (from) => {
      if (file !== null) {
        const kept = Object.entries(from.headers).filter(([name]) => !OF_THE_FILE.includes(name) && name !== "transfer-encoding");
        from.resume();
        answer.writeHead(200, { ...Object.fromEntries(kept), "content-type": KINDS[extname(file)] ?? "application/octet-stream", "cache-control": "no-store" });
        answer.end(readFileSync(file));
        return;
      }
      answer.writeHead(from.statusCode ?? 502, from.headers);
      answer.flushHeaders();
      from.on("error", () => answer.destroy());
      from.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  }

  /** The file of the folder for an address; views of the page are its index. */
  #file(url: string): string | null {
    const { pathname } = new URL(url, "http://page");
    if (pathname.startsWith("/api/")) return null;
    const file = join(this.folder, extname(pathname) === "" ? "index.html" : pathname);
    return existsSync(file) ? file : null;
  }
}
