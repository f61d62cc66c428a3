// Draws nothing: tells of what happens while nobody looks.
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { watch } from "../lib/notify";
import { useShell } from "../lib/use";

export function Notifier(): null {
  const shell = useShell();
  const navigate = useNavigate();
  useEffect(
    () => watch(shell, (session) => void (session === null ? navigate({ to: "/inbox" }) : navigate({ to: "/sessions/$session", params: { session } }))),
    [shell, navigate],
  );
  return null;
}
