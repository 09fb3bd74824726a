// Asks for the page again every half minute, and says so when nobody answers.
'use strict';
const every = 30000;
let shownAt = new Date();

// What a reader is at must not be taken away: an open selection, or the keyboard
// within what would be replaced.
function disturbed(live) {
  return document.hidden || live.contains(document.activeElement) || !getSelection().isCollapsed;
}

async function refresh() {
  const live = document.getElementById('live');
  const stale = document.getElementById('stale');
  if (disturbed(live)) return;
  try {
    const response = await fetch(location.href, { signal: AbortSignal.timeout(every - 1000) });
    const next = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('live');
    if (!next) throw new Error(response.statusText);
    const opened = new Set([...live.querySelectorAll('details[open]')].map((d) => d.id));
    for (const d of next.querySelectorAll('details')) d.open = opened.has(d.id);
    announce(live, next);
    live.replaceWith(next);
    shownAt = new Date();
    stale.hidden = true;
  } catch {
    stale.querySelector('span').textContent = shownAt.toLocaleTimeString();
    stale.hidden = false;
  }
}

// A screen reader is told of a change of the verdict, and of nothing else.
function announce(live, next) {
  const verdict = next.querySelector('#verdict').textContent;
  if (live.querySelector('#verdict').textContent === verdict) return;
  document.getElementById('announce').textContent = verdict;
  document.title = `${verdict} · kubevitals`;
}

setInterval(refresh, every);
document.addEventListener('visibilitychange', refresh);
