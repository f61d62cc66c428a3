// The worktrees.
import { Worktrees } from "../../features/worktrees/Worktrees";

export function WorktreesPage() {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <Worktrees />
    </div>
  );
}
