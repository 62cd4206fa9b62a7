// Runs before first paint, so that a stored choice never flashes the other theme. Not a module for that reason.
"use strict";

(() => {
  const KEY = "flywheel-theme";
  const NAMES = { system: "follows the system", light: "light", dark: "dark" };
  const root = document.documentElement;

  const stored = () => {
    try {
      const value = localStorage.getItem(KEY);
      return value === "light" || value === "dark" ? value : "system";
    } catch {
      return "system"; // Storage may be forbidden; the page then follows the system.
    }
  };

  const apply = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("flywheel:theme"));
  };

  const describe = () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-label", `Theme: ${NAMES[stored()]}`);
      button.title = `Theme: ${NAMES[stored()]}`;
    }
  };

  root.dataset.js = "";
  apply(stored());
  document.addEventListener("DOMContentLoaded", describe);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(stored()));
  addEventListener("storage", (event) => {
    if (event.key === KEY) apply(stored());
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const order = ["system", "light", "dark"];
    const next = order[(order.indexOf(stored()) + 1) % order.length];
    try {
      if (next === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
    } catch {
      root.dataset.theme = next; // Lasts for this page only.
    }
    apply(next);
    describe();
  });
})();
