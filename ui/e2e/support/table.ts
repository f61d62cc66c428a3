// The table of `cargo xtask prove`: each criterion of the founding requirement with the test that proves it.
import type { Reporter, TestCase, TestModule } from "vitest/node";

const CRITERIA: Record<string, string> = {
  implement_click_shows_running_session_without_waiting_for_a_poll: "a click shows a running session in the same frame",
  optimistic_entry_reconciles_to_real_session_id_and_status: "the entry becomes the real session",
  error_restores_sidebar_to_pre_click_state: "an error restores the sidebar",
  sidebar_still_does_what_it_did_before: "what the sidebar did before it still does",
  implement_carries_the_chosen_agent_and_model: "it carries the chosen agent and model",
  verify_and_rewrite_do_the_same: "verify and rewrite do the same",
};

export class ProofTable implements Reporter {
  #lines: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    const seconds = ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1);
    const frames = test.meta().frames ?? 0;
    const criterion = (CRITERIA[test.name] ?? test.name).padEnd(50);
    this.#lines.push(`${result.state === "passed" ? "proved" : "FAILED"}  ${criterion} ${String(frames).padStart(5)} frames ${seconds.padStart(6)} s  ${test.name}`);
    for (const error of result.errors ?? []) this.#lines.push(`        ${error.message}`);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) for (const error of module.errors()) this.#lines.push(error.stack ?? error.message);
    process.stdout.write(`\n${this.#lines.join("\n")}\n`);
  }
}
