// Page mode: an image of the survey behind the content of a page, and what visitors do there.
(() => {
  const base = new URL("page/", document.currentScript.src);
  const name = `pirgan ${base.pathname}`;

  function remembered() {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  function remember(value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // Storage is forbidden: each visit is another visitor's.
    }
  }

  async function begin() {
    // Text, not JSON: a browser sends it to another origin without asking first.
    const response = await fetch(new URL("next", base), {
      method: "POST",
      body: JSON.stringify({ visitor: remembered() }),
    });
    if (!response.ok) return;
    const answer = await response.json();
    if (answer.image === null) return;
    const picture = new Image();
    picture.src = answer.image;
    picture.alt = "";
    Object.assign(picture.style, {
      position: "fixed", inset: "0", width: "100%", height: "100%", objectFit: "cover", zIndex: "-1",
    });
    await picture.decode();
    document.body.prepend(picture);
    // The demonstration shows an image and keeps nothing.
    if (answer.assignment === null) return;
    remember(answer.visitor);
    watch(answer);
  }

  function watch({ visitor, assignment }) {
    let visible = 0; // Milliseconds.
    let since = null;
    let seen = false;
    const send = (kind, value) =>
      navigator.sendBeacon(
        new URL("event", base),
        JSON.stringify({ visitor, assignment, kind, value }),
      );
    const turn = () => {
      if (document.visibilityState === "visible") {
        if (!seen) send("impression");
        seen = true;
        since = performance.now();
      } else if (since !== null) {
        visible += performance.now() - since;
        since = null;
        send("dwell", visible / 1000);
      }
    };
    turn();
    document.addEventListener("visibilitychange", turn);
    document.addEventListener("click", (event) => {
      const kind = event.target.closest("[data-pirgan]")?.dataset.pirgan;
      if (kind === "click" || kind === "share") send(kind);
    });
  }

  const start = () => begin().catch(() => {});
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
