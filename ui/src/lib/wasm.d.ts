// The face of crate `web`. All arguments and answers are JSON unless said otherwise.
declare module "#core" {
  /** Fetches and starts the module; must be awaited before anything else. */
  export default function start(): Promise<unknown>;

  export class Panel {
    constructor(config: string);
    handle(event: string): string;
    act(command: string, now: number): string;
    mint(now: number): string;
    base_json(): string | undefined;
    connection(): string;
    task_lines(query: string): string;
    task(id: string): string | undefined;
    sessions(task: string): string;
    session(id: string): string | undefined;
    running(): string;
    agents(): string;
    projects(): string;
    settings(): string;
    document(task: string): string | undefined;
    notices(): string;
  }

  export class Transcript {
    constructor();
    push(jsonl: string): string;
    len(): number;
    window(from: number, to: number): string;
    find(text: string): string;
    /** Whether that message's prompt or answer stands in the output. */
    has_message(id: string): boolean;
    end(): boolean;
    free(): void;
  }

  export class Hub {
    constructor(config: string);
    handle(event: string): string;
  }

  /** Plain text in, safe HTML out. */
  export function markdown(text: string): string;
  /** The text with the box on that line (from 0) ticked or unticked. */
  export function toggle_box(text: string, line: number): string;
  /** The unified diff (hunks only) that leads from one text to another. */
  export function unified(before: string, after: string): string;
  /** The text with another first heading. */
  export function with_title(text: string, title: string): string;
}
