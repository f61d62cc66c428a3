// Real agent programs of the fixture in `tests/agents`, and the scripted model that they talk to.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const TARGET = process.env.CARGO_TARGET_DIR ?? new URL("../../../target", import.meta.url).pathname;
const BIN = new URL("../../../tests/agents/node_modules/.bin", import.meta.url).pathname;

export type RealAgent = {
  name: string;
  title: string;
  program: string;
  /** What it needs of the environment, where the model is at `url`. */
  env: (url: string) => Record<string, string>;
  home?: Record<string, string>;
};

export const REAL_AGENTS: RealAgent[] = [
  {
    name: "claude-code",
    title: "Claude Code",
    program: "claude-agent-acp",
    env: (url) => ({
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: "dummy",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_MAX_RETRIES: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_TELEMETRY: "1",
    }),
  },
  {
    name: "gemini",
    title: "Gemini CLI",
    program: "gemini",
    env: (url) => ({ GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: "dummy" }),
    home: {
      ".gemini/settings.json": JSON.stringify({
        security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
        privacy: { usageStatisticsEnabled: false },
        telemetry: { enabled: false },
        general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      }),
    },
  },
];

export const isInstalled = (agent: RealAgent): boolean => existsSync(join(BIN, agent.program));

/** The PATH with the fixture's programs in front. */
export const agentsPath = (): string => `${BIN}:${process.env.PATH ?? "/usr/bin:/bin"}`;

export type ScriptedModel = { url: string; stop: () => Promise<void> };

export async function scriptedModel(): Promise<ScriptedModel> {
  const program = spawn(join(TARGET, "debug/mock-model-api"), { stdio: ["pipe", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(program.stdout).once("line", resolve);
    program.once("error", reject);
    program.once("exit", (code) => reject(new Error(`mock-model-api ended with ${code}`)));
  });
  const ended = new Promise<void>((resolve) => program.once("exit", () => resolve()));
  return {
    url,
    stop: () => {
      program.stdin.end();
      return ended;
    },
  };
}

/** A program among the fixture's packages. */
export const agentProgram = (path: string): string => join(BIN, "..", path);

/** The configuration of Codex, where the model is at `url`. */
export const codexConfig = (url: string): string => `model = "gpt-5.5"
model_provider = "scripted"
check_for_update_on_startup = false
[sandbox_workspace_write]
exclude_slash_tmp = true
[analytics]
enabled = false
[feedback]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "${url}/v1"
env_key = "MOCK_API_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`;
