// Draws the dashboard that /dashboard.json holds, and tells in window.drawn what became
// of each panel.
import { Component } from 'react';
import { createRoot } from 'react-dom/client';
import { createTheme, ThemeContext } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { Panel } from './panels.jsx';
import { interpolate, labelValues } from './query.js';
import { fillRegistries } from './registries.js';

const { dashboard, range, width, chosen } = await (await fetch('/dashboard.json')).json();
const theme = createTheme({ colors: { mode: 'light' } });
// The grid of Grafana: cells of 30 px with 8 px between them.
const gap = 8;
const cell = 30;

// The error of a component is one of its panel.
class Boundary extends Component {
  state = {};
  static getDerivedStateFromError(error) { return { error }; }
  componentDidCatch(error) { this.props.report({ error: String(error) }); }
  render() { return this.state.error ? <pre>{String(this.state.error)}</pre> : this.props.children; }
}

async function variables() {
  const values = {};
  for (const variable of dashboard.templating.list.filter(({ type }) => type === 'query')) {
    const all = await labelValues(interpolate(variable.query.query, values, 15), range);
    if (variable.name in chosen) values[variable.name] = chosen[variable.name];
    else if (variable.includeAll) values[variable.name] = variable.allValue;
    else values[variable.name] = all[0] ?? '';
  }
  return values;
}

function place({ x, y, w, h }) {
  const column = (width - 2 * gap - 23 * gap) / 24;
  return { left: gap + x * (column + gap), top: gap + y * (cell + gap), width: w * column + (w - 1) * gap, height: h * cell + (h - 1) * gap };
}

const drawn = { panels: dashboard.panels.filter(({ type }) => type !== 'row').map(({ id, title, type }) => ({ id, title, type })), done: false };
window.drawn = drawn;

function report(id, what) {
  Object.assign(drawn.panels.find((panel) => panel.id === id), what);
  drawn.done = drawn.panels.every((panel) => panel.error !== undefined || panel.samples !== undefined);
}

function Dashboard({ values }) {
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ position: 'relative', width, height: gap + bottom * (cell + gap), background: theme.colors.background.canvas }}>
        {dashboard.panels.map((panel) => {
          const box = place(panel.gridPos);
          if (panel.type === 'row') return <div key={panel.id} style={{ position: 'absolute', ...box, fontWeight: 500, lineHeight: '30px' }}>{panel.collapsed ? '› ' : '⌄ '}{panel.title}{panel.collapsed ? ` (${panel.panels.length} panels)` : ''}</div>;
          const tell = (what) => report(panel.id, what);
          return (
            <div key={panel.id} data-panel={panel.id} style={{ position: 'absolute', ...box }}>
              <Boundary report={tell}><Panel panel={panel} variables={values} range={range} width={box.width} height={box.height} report={tell} /></Boundary>
            </div>
          );
        })}
      </div>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

await initPluginTranslations('drawn', []);
fillRegistries();
createRoot(document.getElementById('root')).render(<Dashboard values={await variables()} />);
