// A link to a session's page. The router's own renders three times as long, and stands in every card of a click.
import { useNavigate } from "@tanstack/react-router";
import type { AnchorHTMLAttributes } from "react";

export function SessionLink({ session, ...rest }: { session: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href" | "onClick">) {
  const navigate = useNavigate();
  return (
    // oxlint-disable-next-line jsx-a11y/anchor-has-content
    <a
      {...rest}
      href={`/sessions/${session}`}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void navigate({ to: "/sessions/$session", params: { session } });
      }}
    />
  );
}
