// Shows what a program writes to a terminal as a page.
import { spawnSync } from 'node:child_process';

// Runs a command on a terminal of its own, so that it writes what a person sees.
export function runOnTerminal(command, args, { columns, cwd }) {
  const quoted = [command, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const { stdout, status, error } = spawnSync('script', ['-qec', `stty cols ${columns} rows 200; exec ${quoted}`, '/dev/null'], {
    cwd, encoding: 'utf8', timeout: 240_000, env: { ...process.env, TERM: 'xterm-256color' },
  });
  if (error) throw error;
  return { text: whatStays(stdout.replaceAll('\r\n', '\n')), status };
}

// Drops what was erased from a line, as a line of progress is.
const whatStays = (text) => text.replaceAll(/[^\n]*\r\x1b\[K/g, '');

const colours = ['#3b4048', '#ff7b72', '#7ee787', '#ffc46b', '#79c0ff', '#d2a8ff', '#76e3ea', '#e6e9ee'];

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

// Turns the colours and weights of a terminal (SGR) into spans. Other sequences are an error: they move things about.
export function toHTML(text) {
  let style = {};
  let html = '';
  for (const part of text.split(/(\x1b\[[\d;]*m)/)) {
    const codes = part.match(/^\x1b\[([\d;]*)m$/);
    if (!codes) {
      if (part.includes('\x1b')) throw new Error(`not a colour: ${JSON.stringify(part)}`);
      const css = Object.entries(style).map(([name, value]) => `${name}:${value}`).join(';');
      if (part) html += css ? `<span style="${css}">${escape(part)}</span>` : escape(part);
      continue;
    }
    for (const code of (codes[1] || '0').split(';').map(Number)) style = apply(style, code);
  }
  return html;
}

function apply(style, code) {
  if (code === 0) return {};
  if (code === 1) return { ...style, 'font-weight': 700 };
  if (code === 2) return { ...style, opacity: 0.7 };
  if (code === 4) return { ...style, 'text-decoration': 'underline' };
  if (code === 22) return (({ 'font-weight': _, opacity: __, ...rest }) => rest)(style);
  if (code === 39) return (({ color: _, ...rest }) => rest)(style);
  const bright = code >= 90 ? 60 : 0;
  if (code - bright >= 30 && code - bright <= 37) return { ...style, color: colours[code - bright - 30] };
  throw new Error(`unknown colour ${code}`);
}

// A page that looks like a terminal in which the command was typed.
export function terminalPage(typed, text) {
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>terminal</title><style>
body { margin: 0; background: #14171c; color: #e6e9ee; }
header { padding: 10px 14px; background: #22272f; display: flex; gap: 8px; }
header i { width: 12px; height: 12px; border-radius: 50%; background: #4a525e; }
pre { margin: 0; padding: 14px 18px 20px; font: 13.5px/1.45 "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
b { color: #7ee787; }
</style><header><i></i><i></i><i></i></header><pre><b>$</b> ${escape(typed)}\n${toHTML(text)}</pre></html>`;
}
