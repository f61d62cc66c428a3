// Repositories with a history: published versions of real packages, and a thousand commits that somebody might have made.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Panel } from "./panel";

const PACKAGES = ["ws", "semver", "commander"];
const VERSIONS = 110;

const git = (panel: Panel, ...args: string[]) => execFileSync("git", args, { cwd: panel.repo, env: panel.env, encoding: "utf8" }).trim();

type Version = { name: string; version: string; at: string };

/** Commits over a hundred published versions of packages in the order in which they came out, each in place of the one before. */
export function published(panel: Panel): void {
  const folder = mkdtempSync(join(tmpdir(), "qd-published-"));
  const npm = (...args: string[]) => execFileSync("npm", [...args, "--json", "--loglevel", "error"], { cwd: folder, encoding: "utf8", maxBuffer: 64 << 20 });
  const times = (name: string): Version[] => {
    const all = JSON.parse(npm("view", name, "time")) as Record<string, string>;
    return Object.entries(all).flatMap(([version, at]) => (/^\d+\.\d+\.\d+$/.test(version) ? [{ name, version, at }] : []));
  };
  const wanted = PACKAGES.flatMap(times).sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-VERSIONS);
  const packed = JSON.parse(npm("pack", ...wanted.map(({ name, version }) => `${name}@${version}`))) as { filename: string; name: string; version: string }[];
  const fileOf = new Map(packed.map(({ filename, name, version }) => [`${name}@${version}`, filename]));
  for (const { name, version, at } of wanted) {
    const place = join(panel.repo, "vendor", name);
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    execFileSync("tar", ["-xzf", join(folder, fileOf.get(`${name}@${version}`) ?? ""), "--strip-components=1", "-C", place]);
    git(panel, "add", "-A", "-f", "vendor");
    git(panel, "commit", "-q", "--allow-empty", "--date", at, "-m", `${name} ${version}`);
  }
  rmSync(folder, { recursive: true });
}

/** A thousand commits over a thousand files, three and more in each, in one go. */
export function generated(panel: Panel): void {
  const lines: string[] = [];
  for (let n = 0; n < 1000; n++) {
    lines.push("commit refs/heads/main", `committer Ann <ann@example.org> ${1_600_000_000 + n * 3600} +0000`, `data <<END\nRelease ${n}\nEND`);
    if (n === 0) lines.push(`from ${git(panel, "rev-parse", "main")}`);
    for (const file of [n, (n * 7 + 3) % 1000, (n * 31 + 11) % 1000]) {
      lines.push(`M 100644 inline packages/p${file % 40}/file${file}.js`, `data <<END\n// release ${n}\n${Array.from({ length: 30 }, (_, at) => `export const v${at} = ${at === n % 30 ? n : at};`).join("\n")}\nEND`);
    }
  }
  execFileSync("git", ["fast-import", "--quiet", "--force"], { cwd: panel.repo, env: panel.env, input: `${lines.join("\n")}\n` });
  git(panel, "reset", "-q", "--hard", "main");
}
