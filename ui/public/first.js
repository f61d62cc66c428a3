// Runs before the first paint and before any other request: takes the token out of the address, sets the theme.
(function () {
  var address = new URL(location.href);
  var token = address.searchParams.get("token");
  if (token) {
    address.searchParams.delete("token");
    history.replaceState(null, "", address.pathname + address.search + address.hash);
    window.qdToken = token;
  }
  var theme = "system";
  try {
    theme = localStorage.getItem("qd:theme") || "system";
  } catch {
    // Storage is refused: the system's theme it is.
  }
  var dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
