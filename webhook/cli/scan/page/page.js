// SPDX-License-Identifier: Apache-2.0
//
// Searching and filtering. The page can be read without it; what is chosen stands in the address, so that it can be
// shared. Tested in a browser by tests/browser/html_report_test.py.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");
  const search = byId("search");
  const shown = byId("shown");
  const choices = ["namespace", "control", "severity", "state"];
  const rows = [...document.querySelectorAll("article")].map((element) => ({
    element,
    details: element.querySelector("details"),
    summary: element.querySelector("summary"),
    namespace: element.dataset.namespace,
    state: element.dataset.state,
    text: element.textContent.toLowerCase(),
    findings: [...element.querySelectorAll("li")].map((item) => ({
      element: item,
      control: item.dataset.control,
      severity: item.dataset.severity,
    })),
  }));
  const counted = (count, word) => count + " " + word + (count === 1 ? "" : "s");

  const filter = () => {
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = Object.fromEntries(choices.map((name) => [name, byId(name).value]));
    let workloads = 0;
    let findings = 0;
    for (const row of rows) {
      let hits = 0;
      for (const finding of row.findings) {
        const fits = (!chosen.control || finding.control === chosen.control) &&
          (!chosen.severity || finding.severity === chosen.severity);
        finding.element.hidden = !fits;
        hits += fits ? 1 : 0;
      }
      const fits = (!chosen.namespace || row.namespace === chosen.namespace) &&
        (!chosen.state || row.state === chosen.state) &&
        (hits > 0 || (!chosen.control && !chosen.severity)) && terms.every((term) => row.text.includes(term));
      row.element.hidden = !fits;
      workloads += fits ? 1 : 0;
      findings += fits ? hits : 0;
    }
    shown.textContent = (workloads === rows.length ? "All " : "") +
      counted(workloads, "workload") + (workloads === rows.length ? "" : " of " + rows.length) +
      " with " + counted(findings, "finding");
  };

  const save = () => {
    const parameters = new URLSearchParams();
    if (search.value) parameters.set("search", search.value);
    for (const name of choices) {
      if (byId(name).value) parameters.set(name, byId(name).value);
    }
    const hash = parameters.toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
  };
  const load = () => {
    const parameters = new URLSearchParams(location.hash.slice(1));
    search.value = parameters.get("search") || "";
    for (const name of choices) {
      byId(name).value = parameters.get(name) || "";
      if (byId(name).selectedIndex < 0) byId(name).value = "";
    }
    filter();
  };

  let waiting = 0;
  const later = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => { filter(); save(); });
  };
  form.addEventListener("input", later);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(later));
  const openAll = (open) => {
    for (const row of rows) {
      if (!row.element.hidden) row.details.open = open;
    }
  };
  byId("open").addEventListener("click", () => openAll(true));
  byId("close").addEventListener("click", () => openAll(false));
  addEventListener("beforeprint", () => openAll(true));
  addEventListener("hashchange", () => {
    if (location.hash !== "#workloads") load();
  });

  // From one workload that is shown to the next.
  const move = (step) => {
    const visible = rows.filter((row) => !row.element.hidden);
    const at = visible.findIndex((row) => row.element.contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : visible.length - 1) : Math.min(Math.max(at + step, 0), visible.length - 1);
    if (visible.length > 0) visible[next].summary.focus();
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writes = event.target.matches("input, select, textarea");
    if (event.key === "/" && !writes) {
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      later();
    } else if (event.key === "ArrowDown" && (!writes || event.target === search)) {
      move(1);
    } else if (event.key === "ArrowUp" && !writes) {
      move(-1);
    } else {
      return;
    }
    event.preventDefault();
  });

  form.hidden = false;
  byId("keys").hidden = false;
  load();
})();
