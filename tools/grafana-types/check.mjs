// Writes every generated dashboard as a constant of Grafana's type and lets the
// TypeScript compiler judge; then breaks one in known ways and wants each refused.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const source = new URL('../../dashboards/generated/', import.meta.url);
const checked = new URL('checked/', import.meta.url);

function write(dashboards) {
  rmSync(checked, { recursive: true, force: true });
  mkdirSync(checked);
  for (const [name, dashboard] of Object.entries(dashboards)) {
    writeFileSync(
      new URL(`${name}.ts`, checked),
      `import type { CheckedDashboard } from '../types';\nexport const dashboard: CheckedDashboard = ${JSON.stringify(dashboard, null, 2)};\n`,
    );
  }
}

// Returns what the compiler objects to, or an empty string.
function compile() {
  try {
    execFileSync('node', ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: new URL('.', import.meta.url), encoding: 'utf8' });
    return '';
  } catch (error) {
    return error.stdout || String(error);
  }
}

const dashboards = Object.fromEntries(
  readdirSync(source).map((file) => [file.replace('.json', ''), JSON.parse(readFileSync(new URL(file, source), 'utf8'))]),
);
let passed = 0;
let failed = 0;
function report(ok, text) {
  console.log(`${ok ? 'ok' : 'FAIL'} ${text}`);
  ok ? passed++ : failed++;
}

write(dashboards);
const objections = compile();
report(objections === '', `${Object.keys(dashboards).length} dashboards are of Grafana's type\n${objections}`.trim());

const panelOf = (dashboard, type) => dashboard.panels.find((panel) => panel.type === type);
const faults = {
  'a panel of an old type': (d) => { panelOf(d, 'timeseries').type = 'graph'; },
  'a legend that does not exist': (d) => { panelOf(d, 'timeseries').options.legend.displayMode = 'everywhere'; },
  'a line that cannot be drawn': (d) => { panelOf(d, 'timeseries').fieldConfig.defaults.custom.drawStyle = 'scribble'; },
  'an option that is missing': (d) => { delete panelOf(d, 'state-timeline').options.showValue; },
  'an option of another panel': (d) => { panelOf(d, 'table').options.colorMode = 'value'; },
  'a grid position as text': (d) => { panelOf(d, 'timeseries').gridPos.x = '0'; },
  'a query without an expression': (d) => { delete panelOf(d, 'timeseries').targets[0].expr; },
  'a refresh that is no text': (d) => { d.refresh = 60; },
};
for (const [name, breakIt] of Object.entries(faults)) {
  const broken = structuredClone(dashboards['kubevitals-control-plane']);
  breakIt(broken);
  write({ broken });
  report(compile() !== '', `refused: ${name}`);
}
rmSync(checked, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
