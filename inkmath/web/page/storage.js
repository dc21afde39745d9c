// What the browser keeps for the page. Where it keeps nothing, because it is told to or is full, the page must work on.

function storage(name) {
  const unkept = new Map();
  return {
    get(key) {
      if (unkept.has(key)) return unkept.get(key);
      try { return window[name].getItem(key); } catch { return null; }
    },
    set(key, value) {
      try {
        window[name].setItem(key, value);
        unkept.delete(key);
      } catch {
        unkept.set(key, value);
      }
    },
  };
}

/** Until the tab is closed. */
export const tab = storage("sessionStorage");

/** Until somebody clears it. */
export const browser = storage("localStorage");
