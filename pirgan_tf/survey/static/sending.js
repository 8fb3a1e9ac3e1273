// What goes to the server: an answer is kept, over reloads too, until the server has it.

const LONGEST_PAUSE = 10_000;
const TIMEOUT = 15_000;

/** Posts JSON; a status of 0 says that no answer came. */
export async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      keepalive: true,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    return { status: response.status, content: await response.json() };
  } catch {
    return { status: 0, content: {} };
  }
}

/** Whether the same request may succeed later. */
export function isTemporary(status) {
  return status === 0 || status === 429 || status >= 500;
}

/** Waits, longer after each attempt, but not beyond the return of the network. */
export function pause(attempt) {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.min(LONGEST_PAUSE, 500 * 2 ** attempt));
    addEventListener("online", resolve, { once: true });
  });
}

/**
 * The answers that the server has not acknowledged, sent one after another.
 *
 * Local storage keeps each under a name of its own, for the same rater may have several tabs.
 */
export class Outbox {
  #items = [];
  #prefix;
  #sending = null;
  #onStall;
  #onAnswer;

  /**
   * @param name begins the names of what local storage keeps.
   * @param onStall called when an answer has to wait.
   * @param onAnswer called with the status of each answer that need not be sent again.
   */
  constructor(name, onStall, onAnswer) {
    this.#prefix = `${name} `;
    this.#onStall = onStall;
    this.#onAnswer = onAnswer;
    try {
      const names = Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix));
      this.#items = names.map((key) => JSON.parse(localStorage.getItem(key)));
      this.#items.sort((one, other) => one.at - other.at);
    } catch {
      // Storage is forbidden or damaged: the answers are kept as long as the page.
    }
    this.stalled = false;
  }

  get size() {
    return this.#items.length;
  }

  add(path, body) {
    const item = { path, body, at: Date.now(), kept: true };
    try {
      localStorage.setItem(this.#prefix + body.assignment, JSON.stringify(item));
    } catch {
      item.kept = false;
    }
    this.#items.push(item);
    this.send();
  }

  /** Resolves when nothing is left to send. */
  send() {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll() {
    let attempt = 0;
    while (this.#items.length) {
      const { path, body, kept } = this.#items[0];
      const key = this.#prefix + body.assignment;
      if (kept && localStorage.getItem(key) === null) {
        // Another tab has sent it.
        this.#items.shift();
        continue;
      }
      const { status } = await post(path, body);
      if (isTemporary(status)) {
        this.stalled = true;
        this.#onStall();
        await pause(attempt++);
        continue;
      }
      attempt = 0;
      this.stalled = false;
      this.#items.shift();
      if (kept) localStorage.removeItem(key);
      this.#onAnswer(status);
    }
  }
}
