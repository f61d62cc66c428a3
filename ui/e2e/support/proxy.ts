// The fault proxy, from the side of a test: rules come and go, `hits` waits until one was applied.
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const TARGET = process.env.CARGO_TARGET_DIR ?? new URL("../../../target", import.meta.url).pathname;

export type Fault =
  | { do: "hold_request" | "hold_response" | "drop_request" | "drop_response" | "duplicate" }
  | { do: "delay_response"; ms: number }
  | { do: "answer"; status: number; content_type: string; body: string }
  | { do: "cut" | "stall"; containing: string };

export type NewRule = { method?: string; path?: string; contains?: string; times?: number; fault: Fault };

/** Requests that start a session. */
export const START = { method: "POST", path: "/api/v1/mutations", contains: '"start_session"' };
export const MUTATIONS = { method: "POST", path: "/api/v1/mutations" };
export const LOG = { method: "GET", path: "/api/v1/log" };

export class Rule {
  constructor(
    private readonly control: string,
    private readonly id: string,
  ) {}

  /** Resolves once it was applied so often. */
  async hits(atLeast = 1): Promise<void> {
    await call(`${this.control}/rules/${this.id}/hits/${atLeast}`, "GET");
  }

  /** Takes the rule back and lets go what it holds. */
  async release(): Promise<void> {
    await call(`${this.control}/rules/${this.id}`, "DELETE");
  }
}

async function call(url: string, method: string, body?: string): Promise<string> {
  const answer = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text;
}

export class FaultProxy {
  private constructor(
    private readonly process: ChildProcess,
    readonly address: string,
    private readonly control: string,
  ) {}

  static async start(): Promise<FaultProxy> {
    const proxy = spawn(join(TARGET, "debug/fault-proxy"), { stdio: ["pipe", "pipe", "inherit"], env: {} });
    const line = await new Promise<string>((resolve, reject) => {
      createInterface(proxy.stdout).once("line", resolve);
      proxy.once("error", reject);
      proxy.once("exit", (code) => reject(new Error(`the fault proxy ended with ${code}`)));
    });
    const { address, control } = JSON.parse(line) as { address: string; control: string };
    return new FaultProxy(proxy, address, `http://${control}`);
  }

  async upstream(address: string): Promise<void> {
    await call(`${this.control}/upstream`, "PUT", address);
  }

  async rule(rule: NewRule): Promise<Rule> {
    return new Rule(this.control, await call(`${this.control}/rules`, "POST", JSON.stringify(rule)));
  }

  /** Closes all connections of this moment. */
  async sever(): Promise<void> {
    await call(`${this.control}/sever`, "POST");
  }

  /** Nothing gets through until the rule is released. */
  async goOffline(): Promise<Rule> {
    const rule = await this.rule({ fault: { do: "drop_request" } });
    await this.sever();
    return rule;
  }

  /** Method and address of all requests so far. */
  async requests(): Promise<string[]> {
    return JSON.parse(await call(`${this.control}/requests`, "GET")) as string[];
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.stdin?.end();
    await ended;
  }
}
