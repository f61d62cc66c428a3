// A panel for one test: the real binary on a data directory and a repository of its own, the fault proxy before it.
// Ends only what it started: every process of it has the test's folder in its environment.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { vi } from "vitest";
import type { Row, Session, Task } from "../../src/lib/generated/types";
import { PageServer } from "./pages";
import { FaultProxy } from "./proxy";

const TARGET = process.env.CARGO_TARGET_DIR ?? new URL("../../../target", import.meta.url).pathname;
export const QD = process.env.QD_BIN ?? join(TARGET, "debug/qd");

export type PanelOptions = {
  /** Files of the repository below its root; a few plain tasks where nothing is said. */
  files?: Record<string, string>;
  /** Lines of the data directory's configuration; `{repo}` is the repository. */
  config?: string;
  stepMs?: number;
  /** The built-in demonstration project in place of `files`. */
  demo?: boolean;
  /** Files of the home directory. */
  home?: Record<string, string>;
  /** Variables of the server. */
  env?: Record<string, string>;
};

export type Snapshot = { epoch: number; seq: number; rows: Row[] };

export class Panel {
  readonly dir = mkdtempSync(join(tmpdir(), "qd-e2e-"));
  readonly data = join(this.dir, "data");
  readonly repo = join(this.dir, "repo");
  #server: ChildProcess | null = null;
  #pages: PageServer | null = null;
  #stderr = "";
  /** The address of the server itself. */
  direct = "";
  token = "";

  private constructor(
    readonly proxy: FaultProxy,
    private readonly options: PanelOptions,
  ) {}

  static async start(options: PanelOptions = {}): Promise<Panel> {
    const panel = new Panel(await FaultProxy.start(), options);
    mkdirSync(panel.data);
    if (options.config !== undefined) writeFileSync(join(panel.data, "config.toml"), options.config.replaceAll("{repo}", panel.repo));
    for (const [path, text] of Object.entries(options.home ?? {})) writeInto(panel.dir, path, text);
    if (!options.demo) panel.#makeRepo(options.files ?? plainTasks());
    await panel.#serve();
    return panel;
  }

  /** Where the browser goes: through the proxy. */
  get address(): string {
    return `http://${this.proxy.address}`;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get env(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? "/usr/bin:/bin",
      HOME: this.dir,
      TMPDIR: this.dir,
      LANG: "C.UTF-8",
      // The demonstration's agent runs `cargo test`; the toolchain is the person's.
      CARGO_HOME: process.env.CARGO_HOME ?? join(homedir(), ".cargo"),
      RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), ".rustup"),
      QD_DEMO_STEP_MS: String(this.options.stepMs ?? 20),
      QD_DEMO_HOME: join(this.dir, "demo-agent"),
      ...this.options.env,
    };
  }

  #makeRepo(files: Record<string, string>): void {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    for (const args of [["init", "-q", "-b", "main"], ["config", "user.name", "Test"], ["config", "user.email", "test@localhost"], ["add", "-A"], ["commit", "-q", "-m", "First"]]) {
      execFileSync("git", args, { cwd: this.repo, env: this.env });
    }
  }

  /** What git says in a folder. */
  git(dir: string, ...args: string[]): string {
    return execFileSync("git", args, { cwd: dir, env: this.env, encoding: "utf8" }).trim();
  }

  /** Writes a file of the repository, as an editor would. */
  write(path: string, text: string): void {
    writeInto(this.repo, path, text);
  }

  async #serve(): Promise<void> {
    const args = ["serve", "--demo", "--no-open", "--port", "0", "--data-dir", this.data, "--allow-origin", this.address];
    if (!this.options.demo) args.push(this.repo);
    const server = spawn(QD, args, { cwd: this.dir, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    this.#server = server;
    server.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    const url = await new Promise<URL>((resolve, reject) => {
      createInterface(server.stdout).on("line", (line) => {
        if (line.startsWith("listening on ")) resolve(new URL(line.slice("listening on ".length)));
      });
      server.once("error", reject);
      server.once("exit", (code) => reject(new Error(`qd serve ended with ${code}: ${this.#stderr}`)));
    });
    this.direct = url.host;
    this.token = url.searchParams.get("token") ?? "";
    // Another page than the binary's own, before the same server.
    if (process.env.QD_PAGE) this.#pages = await PageServer.start(process.env.QD_PAGE, this.direct);
    await this.proxy.upstream(this.#pages?.address ?? this.direct);
  }

  /** Kills the server process itself with -9. Its parent starts it again on the same port. */
  killServer(): void {
    const { pid } = JSON.parse(readFileSync(join(this.data, "server.json"), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
  }

  /** Runs a command of the person in the terminal. */
  qd(...args: string[]): string {
    return execFileSync(QD, ["--data-dir", this.data, ...args], { cwd: this.dir, env: this.env, encoding: "utf8" });
  }

  async api<T>(path: string, init: RequestInit = {}): Promise<T> {
    const answer = await fetch(`http://${this.direct}/api/v1${path}`, { ...init, headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** One of the demonstration's own faults. */
  breakIt(what: "slow" | "refuse" | "cut" | "kill-agent"): Promise<void> {
    return this.api(`/demo/${what}`, { method: "POST" });
  }

  async rows(): Promise<Row[]> {
    return (await this.api<Snapshot>("/snapshot")).rows;
  }

  async sessions(): Promise<Session[]> {
    return (await this.rows()).flatMap((row) => (row.kind === "session" ? [row.row] : []));
  }

  /** A task by its title, as soon as the scan has found it. */
  async task(title: string): Promise<Task> {
    return vi.waitFor(
      async () => {
        const found = (await this.rows()).flatMap((row) => (row.kind === "task" && row.row.title === title ? [row.row] : []));
        const [task] = found;
        if (!task || found.length > 1) throw new Error(`${found.length} tasks are called ${title}`);
        return task;
      },
      { timeout: 10_000 },
    );
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server && server.exitCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
    }
    await this.proxy.stop();
    await this.#pages?.stop();
    this.#endWhatIsLeft();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Hosts and agents outlive a server on purpose; here they end with the test. */
  #endWhatIsLeft(): void {
    const mark = `HOME=${this.dir}`;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (existsSync(`/proc/${pid}/environ`) && readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark)) process.kill(Number(pid), "SIGKILL");
      } catch {
        // It ended meanwhile, or it is not ours to read.
      }
    }
  }
}

function writeInto(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
}

const task = (title: string, more = "") => `# ${title}\n\n${more}\n\n## Plan\n\n- [ ] First step\n- [ ] Second step\n`;

/** Three tasks that run to their end, one that asks, one that goes on for ever. */
export function plainTasks(): Record<string, string> {
  return {
    "README.md": "A repository for tests.\n",
    "tasks/alpha.md": task("Alpha", "[[demo: no-permission]]"),
    "tasks/beta.md": task("Beta", "[[demo: no-permission]]"),
    "tasks/gamma.md": task("Gamma", "[[demo: no-permission]]"),
    "tasks/asks.md": task("Asks"),
    "tasks/hangs.md": task("Hangs", "[[demo: hang]]"),
    "tasks/fails.md": task("Fails", "[[demo: fail-at-start]]"),
  };
}
