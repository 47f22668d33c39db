// The optional script of the pages: finding, folding and keys for the outline. Nothing needs it:
// rows fold, links lead and forms are answered without it. It stores nothing and asks nobody.
"use strict";
(() => {
  const MOST = 100; // rows shown of those that match
  const trees = [...document.querySelectorAll("[data-tree]")];
  const find = document.querySelector("form[data-find]");
  const keys = document.querySelector("dialog.over");

  // A row is a paragraph, or the summary of a details that holds the rows below it. `box` is the
  // one or the other, as it lies in the tree.
  const isBox = (e) => e.tagName === "P" || e.tagName === "DETAILS";
  const rowOf = (box) => (box.tagName === "P" ? box : box.firstElementChild);
  const boxOf = (row) => (row.tagName === "SUMMARY" ? row.parentElement : row);
  // Asking for `offsetParent` of what is folded away would lay it out, which takes seconds.
  const seen = (box) => (box.checkVisibility ? box.checkVisibility() : box.offsetParent !== null);
  const chip = (row, letters) => {
    for (let e = row.firstElementChild; e; e = e.nextElementSibling) {
      if (e.tagName === "I" && letters.includes(e.className[0])) return e;
    }
    return null;
  };

  // ---- roles: given when a row is first seen, so that a long outline starts fast ----

  const COLUMN = { SPAN: 1, U: 5, SMALL: 6, B: 3 };
  const column = (cell) =>
    COLUMN[cell.tagName] ?? (cell.className[0] === "p" ? 2 : cell.className[0] === "f" ? 4 : 3);

  function dress(box, level) {
    const row = rowOf(box);
    if (row.getAttribute("role")) return;
    row.setAttribute("role", "row");
    row.setAttribute("aria-level", level);
    row.tabIndex = -1;
    for (const cell of row.children) {
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", column(cell));
    }
    const link = row.querySelector("a");
    if (link) link.tabIndex = -1;
    if (row === box) return;
    box.setAttribute("role", "none");
    row.setAttribute("aria-expanded", box.open);
    if (box.open) dressAll(box, level + 1);
  }

  function dressAll(parent, level) {
    for (const e of parent.children) if (isBox(e)) dress(e, level);
  }

  function start(tree) {
    tree.setAttribute("role", "treegrid");
    tree.setAttribute("aria-label", tree.dataset.tree);
    const head = tree.querySelector(".head");
    head.removeAttribute("aria-hidden");
    head.setAttribute("role", "row");
    for (const cell of head.children) cell.setAttribute("role", "columnheader");
    dressAll(tree, 1);
    const first = [...tree.children].find(isBox);
    if (first) rowOf(first).tabIndex = 0;
    tree.addEventListener("toggle", (event) => opened(event.target), true);
    tree.addEventListener("keydown", (event) => walk(event, tree));
    tree.addEventListener("focusin", (event) => {
      const row = event.target.closest("[role=row]");
      if (row) rove(tree, row);
    });
  }

  function opened(box) {
    const row = rowOf(box);
    row.setAttribute("aria-expanded", box.open);
    if (box.open) dressAll(box, Number(row.getAttribute("aria-level")) + 1);
  }

  function rove(tree, row) {
    for (const e of tree.querySelectorAll('[role=row][tabindex="0"]')) e.tabIndex = -1;
    row.tabIndex = 0;
  }

  // ---- keys within a tree ----

  const firstIn = (box) => [...box.children].find((e) => isBox(e) && seen(e));
  function beside(box, step) {
    let e = box;
    do e = e[step]; while (e && !(isBox(e) && seen(e)));
    return e;
  }
  function lastIn(box) {
    while (box.tagName === "DETAILS" && box.open) {
      const inner = [...box.children].filter((e) => isBox(e) && seen(e)).at(-1);
      if (!inner) break;
      box = inner;
    }
    return box;
  }
  function parentOf(box, tree) {
    const up = box.parentElement;
    return up !== tree && up.tagName === "DETAILS" ? up : null;
  }
  function below(box, tree) {
    const inner = box.tagName === "DETAILS" && box.open ? firstIn(box) : null;
    if (inner) return inner;
    for (let e = box; e; e = parentOf(e, tree)) {
      const next = beside(e, "nextElementSibling");
      if (next) return next;
    }
    return null;
  }
  function above(box, tree) {
    const before = beside(box, "previousElementSibling");
    return before ? lastIn(before) : parentOf(box, tree);
  }

  function go(box) {
    if (!box) return;
    const row = rowOf(box);
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function walk(event, tree) {
    const row = event.target.closest("[role=row]");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const box = boxOf(row);
    const folds = box.tagName === "DETAILS";
    const moves = {
      ArrowDown: () => go(below(box, tree)),
      ArrowUp: () => go(above(box, tree)),
      ArrowRight: () => {
        if (folds && !box.open) box.open = true;
        else if (folds) go(firstIn(box));
      },
      ArrowLeft: () => {
        if (folds && box.open) box.open = false;
        else go(parentOf(box, tree));
      },
      Home: () => go(firstIn(tree)),
      End: () => go(lastIn([...tree.children].filter((e) => isBox(e) && seen(e)).at(-1))),
      Enter: () => row.querySelector("a")?.click(),
      "+": () => fold(tree, true),
      "-": () => fold(tree, false),
      "−": () => fold(tree, false),
      n: () => go(unwished(tree, box, 1)),
      p: () => go(unwished(tree, box, -1)),
    };
    const move = moves[event.key];
    if (!move || (event.target !== row && event.key === "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  }

  function fold(tree, open) {
    const boxes = [...tree.querySelectorAll("details")];
    for (const box of open ? boxes : boxes.reverse()) if (box.open !== open) box.open = open;
    if (!open && !tree.contains(document.activeElement)) go(firstIn(tree));
  }

  function reveal(box) {
    for (let e = box.parentElement; e && !e.dataset.tree; e = e.parentElement) {
      if (e.tagName === "DETAILS") e.open = true;
    }
  }

  // The next row whose status is not as one would wish; a doubt that stands is one.
  function unwished(tree, box, step) {
    const fine = new Set(tree.dataset.fine.split("|"));
    const boxes = [...tree.querySelectorAll("p, details")];
    const wrong = (e) =>
      [...rowOf(e).children].some(
        (c) => c.tagName === "B" || (c.tagName === "I" && !fine.has(c.textContent)),
      );
    for (let i = boxes.indexOf(box) + step; i >= 0 && i < boxes.length; i += step) {
      if (wrong(boxes[i])) {
        reveal(boxes[i]);
        dressUp(boxes[i], tree);
        return boxes[i];
      }
    }
    return null;
  }

  // Opening is told asynchronously; a row that is wanted at once is dressed from the top down.
  function dressUp(box, tree) {
    const chain = [];
    for (let e = box; e && e !== tree; e = e.parentElement) chain.unshift(e);
    chain.forEach((e, depth) => dress(e, depth + 1));
  }

  // ---- finding: by words, kind, status and freshness; what is asked stands in the address ----

  let index = null; // made when first needed: one entry a row
  let before = null; // what was open before anything was asked

  function indexed(tree) {
    index ??= Array.from(tree.querySelectorAll("p, details"), (box) => ({
      box,
      text: rowOf(box).firstElementChild.textContent.toLowerCase(),
    }));
    return index;
  }

  // Read when first asked for: most who find ask for words alone.
  const again = (e) => (e.again ??= e.box.classList.contains("again"));
  const kind = (e) => (e.kind ??= e.box.className || "claim");
  const status = (e) => (e.status ??= chip(rowOf(e.box), "sdm")?.textContent ?? "");
  const fresh = (e) => (e.fresh ??= chip(rowOf(e.box), "f")?.textContent ?? "");

  function asked() {
    const form = new FormData(find);
    const words = String(form.get("q")).toLowerCase().split(/\s+/).filter(Boolean);
    return { words, kind: form.get("kind"), status: form.get("status"), fresh: form.get("fresh") };
  }

  function show() {
    const tree = trees[0];
    const want = asked();
    const any = want.words.length || want.kind || want.status || want.fresh;
    for (const e of tree.querySelectorAll(".hit, .way")) e.classList.remove("hit", "way");
    tree.classList.toggle("found", Boolean(any));
    const output = find.querySelector("output");
    if (!any) {
      output.textContent = "";
      for (const [box, open] of before ?? []) if (box.open !== open) box.open = open;
      before = null;
      return;
    }
    before ??= [...tree.querySelectorAll("details")].map((box) => [box, box.open]);
    const hits = indexed(tree).filter(
      (e) =>
        want.words.every((word) => e.text.includes(word)) &&
        (!want.kind || kind(e) === want.kind) &&
        (!want.status || status(e) === want.status) &&
        (!want.fresh || fresh(e) === want.fresh) &&
        !again(e),
    );
    for (const { box } of hits.slice(0, MOST)) {
      box.classList.add("hit");
      for (let e = box.parentElement; e !== tree && !e.classList.contains("way"); e = e.parentElement) {
        e.classList.add("way");
        e.open = true;
      }
    }
    const noun = hits.length === 1 ? "element" : "elements";
    const rest = hits.length > MOST ? `, the first ${MOST} shown` : "";
    output.textContent = `${hits.length.toLocaleString("en")} ${noun}${rest}`;
  }

  function remember() {
    const form = new URLSearchParams(new FormData(find));
    for (const [name, value] of [...form]) if (!value) form.delete(name);
    const text = form.toString();
    history.replaceState(null, "", text ? `#?${text}` : "#outline");
  }

  function recall() {
    if (!location.hash.startsWith("#?")) return;
    for (const [name, value] of new URLSearchParams(location.hash.slice(2))) {
      const field = find.elements.namedItem(name);
      if (field) field.value = value;
    }
    show();
  }

  function startFinding() {
    find.hidden = false;
    find.addEventListener("submit", (event) => event.preventDefault());
    find.addEventListener("input", () => {
      show();
      remember();
    });
    recall();
    (window.requestIdleCallback ?? setTimeout)(() => indexed(trees[0]));
  }

  // ---- keys of the page ----

  let waiting = false; // for the letter after g
  function press(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const field = event.target.closest("input, select, textarea");
    const search = document.querySelector('.find input[type="search"]');
    if (field) {
      if (event.key === "Escape" && field === search) {
        search.value = "";
        if (find) show(), remember();
        const row = trees[0]?.querySelector('[role=row][tabindex="0"]');
        (row ?? field).focus();
      }
      return;
    }
    const leads = waiting;
    waiting = event.key === "g";
    if (leads) {
      const link = document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) link.click();
    } else if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?" && keys) {
      if (keys.open) keys.close();
      else keys.showModal();
    } else if ("np".includes(event.key) && trees[0] && !event.target.closest("[data-tree]")) {
      const first = firstIn(trees[0]);
      if (first) go(unwished(trees[0], first, 1));
    }
  }

  trees.forEach(start);
  if (find && trees.length) startFinding();
  keys?.querySelector("button").addEventListener("click", () => keys.close());
  document.addEventListener("keydown", press);
  document.documentElement.dataset.ready = "yes";
})();
