// Asks for the page again every half minute, sooner while something is read for the
// first time, and says so when nobody answers.
'use strict';
const every = 30000;
const atStart = 3000;
let shownAt = new Date();

// Text that somebody has selected stays for a while, to be copied, and so does a form that
// somebody fills in.
function disturbed() {
  const busy = !getSelection().isCollapsed || document.activeElement?.closest('form');
  return document.hidden || (busy && new Date() - shownAt < 4 * every);
}

// Finds in the next page what the keyboard is at in this one. A finding that is over
// has no counterpart: the keyboard is then at the content as a whole.
function counterpart(live, next) {
  const at = document.activeElement;
  if (!live.contains(at)) return null;
  const section = (e) => e.closest('section')?.getAttribute('aria-labelledby');
  const same = (e) => e.tagName === at.tagName && e.getAttribute('href') === at.getAttribute('href')
    && section(e) === section(at) && e.closest('details')?.id === at.closest('details')?.id;
  return [...next.querySelectorAll(at.tagName)].find(same) ?? document.getElementById('content');
}

async function refresh() {
  const live = document.getElementById('live');
  const stale = document.getElementById('stale');
  if (disturbed()) return;
  try {
    const response = await fetch(location.href, { signal: AbortSignal.timeout(every - 1000) });
    const next = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('live');
    if (!next) throw new Error(response.statusText);
    const opened = new Set([...live.querySelectorAll('details[open]')].map((d) => d.id));
    for (const d of next.querySelectorAll('details')) d.open = opened.has(d.id);
    announce(live, next);
    paint(next);
    const focused = counterpart(live, next);
    live.replaceWith(next);
    focused?.focus({ preventScroll: true });
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

// The icon of the tab shows how bad it is, as the page that is loaded anew would.
function paint(next) {
  const mood = next.querySelector('#verdict').className;
  const icon = document.querySelector('link[rel=icon]');
  const href = `${icon.getAttribute('href').replace(/[^/]*$/, '')}icon${mood === 'ok' ? '' : `-${mood}`}.svg`;
  if (icon.getAttribute('href') !== href) icon.setAttribute('href', href);
}

function again() {
  const starting = 'starting' in document.getElementById('live').dataset;
  setTimeout(() => refresh().finally(again), starting ? atStart : every);
}

again();
document.addEventListener('visibilitychange', refresh);
