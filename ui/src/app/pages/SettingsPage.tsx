// The settings.
import { Settings } from "../../features/settings/Settings";

export function SettingsPage() {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <Settings />
    </div>
  );
}
